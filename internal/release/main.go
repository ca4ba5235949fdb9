// Command release builds the archives of a release, byte by byte the same on every
// machine with the same version of Go: relay and ouronet for each platform, with the
// license and the changelog, and SHA256SUMS. .ci/release runs it in a clean copy of a
// commit.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// platforms are those that relay and ouronet are built for.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64"

var (
	programs  = []string{"examples/relay", "cmd/ouronet"}        // folders
	documents = []string{"LICENSE", "CHANGELOG.md", "README.md"} // in each archive
)

const usage = "usage: release -version NAME [-time SECONDS] [-o FOLDER] [-platforms OS/ARCH,...]"

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "`name` of the release, as in v0.1.0")
	seconds := flag.Int64("time", 0, "time of the files in the archives, in `seconds` since 1970")
	flag.StringVar(&r.out, "o", "dist", "`folder` for the archives, empty or new")
	list := flag.String("platforms", platforms, "`list` of GOOS/GOARCH, separated by commas")
	flag.Parse()
	if flag.NArg() > 0 || r.version == "" {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	r.time = time.Unix(*seconds, 0).UTC()
	if err := r.build(strings.Split(*list, ",")); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

type release struct {
	version string
	time    time.Time
	out     string
}

// file is a file of an archive.
type file struct {
	name string // in the archive's one folder
	mode fs.FileMode
	data []byte
}

// build writes the archives of all platforms and their checksums.
func (r release) build(platforms []string) error {
	found, err := os.ReadDir(r.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("%s is not empty: remove it, or name another folder with -o", r.out)
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, platform := range platforms {
		name, data, err := r.archive(platform)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		if err := os.WriteFile(filepath.Join(r.out, name), data, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	fmt.Printf("%s%s, %s\n", &sums, r.version, runtime.Version())
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), sums.Bytes(), 0o644)
}

// archive returns the file name of a platform's archive and its bytes.
func (r release) archive(platform string) (string, []byte, error) {
	system, arch, ok := strings.Cut(platform, "/")
	if !ok {
		return "", nil, errors.New("not of the form GOOS/GOARCH")
	}
	files, err := contents(system, arch)
	if err != nil {
		return "", nil, err
	}
	folder := fmt.Sprintf("ouronet-%s-%s-%s", strings.TrimPrefix(r.version, "v"), system, arch)
	write, suffix := r.tar, ".tar.gz"
	if system == "windows" {
		write, suffix = r.zip, ".zip"
	}
	var b bytes.Buffer
	err = write(&b, folder, files)
	return folder + suffix, b.Bytes(), err
}

// contents builds the programs and reads the documents.
func contents(system, arch string) ([]file, error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var files []file
	add := func(name, from string, mode fs.FileMode) error {
		data, err := os.ReadFile(from)
		files = append(files, file{name, mode, data})
		return err
	}
	for _, program := range programs {
		name := path.Base(program)
		if system == "windows" {
			name += ".exe"
		}
		built := filepath.Join(dir, name)
		// The commit, and nothing of the machine: no paths, no C compiler, no level of the processor.
		build := exec.Command("go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w -buildid=", "-o", built, "./"+program)
		build.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0",
			"GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("go build ./%s: %w", program, err)
		}
		if err := add(name, built, 0o755); err != nil {
			return nil, err
		}
	}
	for _, name := range documents {
		if err := add(name, name, 0o644); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (r release) tar(w io.Writer, folder string, files []file) error {
	compressed := gzip.NewWriter(w)
	t := tar.NewWriter(compressed)
	for _, f := range files {
		err := t.WriteHeader(&tar.Header{
			Name: path.Join(folder, f.name), Mode: int64(f.mode), Size: int64(len(f.data)),
			ModTime: r.time, Format: tar.FormatUSTAR,
		})
		if err != nil {
			return err
		}
		if _, err := t.Write(f.data); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), compressed.Close())
}

func (r release) zip(w io.Writer, folder string, files []file) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		h := &zip.FileHeader{Name: path.Join(folder, f.name), Method: zip.Deflate, Modified: r.time}
		h.SetMode(f.mode)
		entry, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}
