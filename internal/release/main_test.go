package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var some = []file{{"relay", 0o755, []byte("a program")}, {"LICENSE", 0o644, bytes.Repeat([]byte("words "), 1000)}}

// Time and order are the release's, so two machines make the same bytes.
func TestArchives(t *testing.T) {
	r := release{version: "v1.2.3", time: time.Unix(1_700_000_000, 0).UTC()}
	for name, write := range map[string]func(io.Writer, string, []file) error{"tar": r.tar, "zip": r.zip} {
		var a, b bytes.Buffer
		if err := errors.Join(write(&a, "ouronet-1.2.3", some), write(&b, "ouronet-1.2.3", some)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s: two archives of the same files differ", name)
		}
		read := readTar
		if name == "zip" {
			read = readZip
		}
		got := read(t, a.Bytes())
		want := []string{"ouronet-1.2.3/relay 755 9 1700000000", "ouronet-1.2.3/LICENSE 644 6000 1700000000"}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, not %q", name, got, want)
		}
	}
}

func readTar(t *testing.T, data []byte) (files []string) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, line(h.Name, h.FileInfo()))
	}
}

func readZip(t *testing.T, data []byte) (files []string) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		files = append(files, line(f.Name, f.FileInfo()))
	}
	return files
}

// A folder with files of another release is left alone.
func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := release{version: "v1.2.3", out: dir}.build(nil)
	if err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("%v", err)
	}
}

func line(name string, i os.FileInfo) string {
	return fmt.Sprintf("%s %o %d %d", name, i.Mode().Perm(), i.Size(), i.ModTime().Unix())
}
