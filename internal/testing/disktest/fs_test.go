package disktest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
)

const create = os.O_RDWR | os.O_CREATE

func write(t testing.TB, f disk.FS, name string, offset int64, content string, sync bool) {
	t.Helper()
	file, err := f.OpenFile(name, create, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte(content), offset); err != nil {
		t.Fatal(err)
	}
	if sync {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func syncDir(t testing.TB, f disk.FS, name string) {
	t.Helper()
	if err := disk.SyncDir(f, name); err != nil {
		t.Fatal(err)
	}
}

// content returns all files, as "name=content name=content".
func content(t testing.TB, f disk.FS, dir string) string {
	t.Helper()
	entries, err := f.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		name := strings.TrimLeft(dir+"/"+e.Name(), "/")
		if e.IsDir() {
			all = append(all, name+"/", content(t, f, name))
			continue
		}
		b, err := disk.ReadFile(f, name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name+"="+string(b))
	}
	return strings.TrimSpace(strings.Join(all, " "))
}

// outcomes returns what crashes leave.
func outcomes(t testing.TB, f *FS, n int) []string {
	t.Helper()
	found := map[string]bool{}
	for _, c := range f.Crashed(n, 1) {
		found[content(t, c, "/")] = true
		if now, _ := c.OpenFiles(); now != 0 {
			t.Errorf("%d open files after a crash", now)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func want(t testing.TB, f *FS, wanted ...string) {
	t.Helper()
	slices.Sort(wanted)
	if got := outcomes(t, f, 200); !slices.Equal(got, wanted) {
		t.Errorf("crashes leave %q, want %q", got, wanted)
	}
}

// What is synced stays; what is not may be lost, in part or in another order.
func TestCrash(t *testing.T) {
	f := New()
	write(t, f, "a", 0, "x", true)
	want(t, f, "", "a=x") // its name is not synced
	syncDir(t, f, "/")
	want(t, f, "a=x")

	write(t, f, "a", 1, "yz", false)
	want(t, f, "a=x", "a=xy", "a=x\x00z", "a=xyz", "a=x\x00\x00")
	write(t, f, "a", 1, "yz", true)
	want(t, f, "a=xyz")

	file, err := f.OpenFile("a", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(1); err != nil {
		t.Fatal(err)
	}
	want(t, f, "a=x", "a=xyz")
	write(t, f, "b", 0, "", true)
	want(t, f, "a=x", "a=xyz", "a=x b=", "a=xyz b=")
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	want(t, f, "a=x", "a=x b=")
}

// A write that is lost leaves a hole before one that is not.
func TestReordered(t *testing.T) {
	f := New()
	write(t, f, "a", 0, "", true)
	syncDir(t, f, "/")
	write(t, f, "a", 0, "p", false)
	write(t, f, "a", 1, "q", false)
	want(t, f, "a=", "a=p", "a=\x00q", "a=pq", "a=p\x00", "a=\x00", "a=\x00\x00")
}

// A rename has happened or not, and so has a removal.
func TestNames(t *testing.T) {
	f := New()
	write(t, f, "a", 0, "old", true)
	write(t, f, "b", 0, "new", true)
	syncDir(t, f, "/")
	if err := f.Rename("b", "a"); err != nil {
		t.Fatal(err)
	}
	want(t, f, "a=old b=new", "a=new")
	syncDir(t, f, "/")
	want(t, f, "a=new")
	if err := f.Remove("a"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "c", 0, "", true)
	want(t, f, "a=new", "a=new c=", "c=", "")

	// From one folder to another.
	f = New()
	if err := f.MkdirAll("d/e", 0o755); err != nil {
		t.Fatal(err)
	}
	want(t, f, "", "d/", "d/ d/e/")
	syncDir(t, f, "/")
	syncDir(t, f, "d")
	write(t, f, "d/a", 0, "x", true)
	syncDir(t, f, "d")
	if err := f.Rename("d/a", "d/e/b"); err != nil {
		t.Fatal(err)
	}
	want(t, f, "d/ d/a=x d/e/", "d/ d/e/ d/e/b=x")
	syncDir(t, f, "d")
	want(t, f, "d/ d/a=x d/e/", "d/ d/e/ d/e/b=x")
	syncDir(t, f, "d/e")
	want(t, f, "d/ d/e/ d/e/b=x")
}

// A name that has lasted is that of a file whose bytes may not have.
func TestNameWithoutBytes(t *testing.T) {
	f := New()
	write(t, f, "a.new", 0, "x", false)
	if err := f.Rename("a.new", "a"); err != nil {
		t.Fatal(err)
	}
	syncDir(t, f, "/")
	want(t, f, "a=", "a=x", "a=\x00")
}

// What a Sync that failed should have synced may be lost for ever.
func TestFailedSync(t *testing.T) {
	f := New()
	write(t, f, "a", 0, "x", true)
	syncDir(t, f, "/")
	file, err := f.OpenFile("a", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte("y"), 1); err != nil {
		t.Fatal(err)
	}
	f.Fail(func(op Op) error {
		if op.Kind == "sync" {
			return syscall.EIO
		}
		return nil
	})
	if err := file.Sync(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Sync returned %v", err)
	}
	f.Fail(nil)
	if _, err := file.WriteAt([]byte("z"), 2); err != nil {
		t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	want(t, f, "a=xyz", "a=x\x00z")
}

// A write that fails has written half.
func TestShortWrite(t *testing.T) {
	f := New()
	file, err := f.OpenFile("a", create, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f.Fail(func(op Op) error { return map[string]error{"write": syscall.ENOSPC}[op.Kind] })
	if n, err := file.WriteAt([]byte("abcd"), 0); n != 2 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("wrote %d bytes, %v", n, err)
	}
	if got := content(t, f, "/"); got != "a=ab" {
		t.Errorf("the file has %q", got)
	}
}

// Every seed gives the same crashes again.
func TestCrashedRepeats(t *testing.T) {
	f := New()
	for i := range 20 {
		write(t, f, fmt.Sprint(i), 0, "0123456789", false)
	}
	lost := func() (all []string) {
		for _, c := range f.Crashed(30, 7) {
			all = append(all, c.String())
		}
		return all
	}
	if a, b := lost(), lost(); len(a) != 30 || !slices.Equal(a, b) {
		t.Errorf("%d crashes, then others", len(a))
	}
}

// The file system in memory and the operating system's do the same.
func TestLikeOS(t *testing.T) {
	for _, f := range []disk.FS{New(), disk.OS} {
		if f == disk.OS && runtime.GOOS == "windows" {
			continue // where open files cannot be renamed or removed
		}
		dir := "d"
		if f == disk.OS {
			dir = t.TempDir()
		}
		name := func(s string) string { return dir + "/" + s }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		is := func(err, want error) {
			t.Helper()
			if !errors.Is(err, want) {
				t.Errorf("%T: %v, want %v", f, err, want)
			}
		}
		must(f.MkdirAll(name("in/side"), 0o755))
		must(f.MkdirAll(name("in/side"), 0o755))
		must(disk.Replace(f, name("a"), []byte("one")))
		must(disk.Replace(f, name("a"), []byte("three")))
		b, err := disk.ReadFile(f, name("a"))
		must(err)
		if string(b) != "three" {
			t.Errorf("%T: %q", f, b)
		}
		_, err = disk.ReadFile(f, name("none"))
		is(err, fs.ErrNotExist)
		_, err = f.Stat(name("none"))
		is(err, fs.ErrNotExist)
		is(f.Remove(name("none")), fs.ErrNotExist)
		is(f.Rename(name("none"), name("x")), fs.ErrNotExist)
		_, err = f.OpenFile(name("a"), create|os.O_EXCL, 0o644)
		is(err, fs.ErrExist)
		_, err = f.OpenFile(name("no/a"), create, 0o644)
		is(err, fs.ErrNotExist)
		_, err = f.ReadDir(name("none"))
		is(err, fs.ErrNotExist)
		if err := f.Remove(name("in")); err == nil {
			t.Errorf("%T: a folder that is not empty was removed", f)
		}
		file, err := f.OpenFile(name("a"), os.O_RDWR|os.O_TRUNC, 0)
		must(err)
		n, err := file.WriteAt([]byte("xyz"), 2)
		if n != 3 || err != nil {
			t.Errorf("%T: wrote %d, %v", f, n, err)
		}
		must(file.Truncate(4))
		info, err := file.Stat()
		must(err)
		if info.Size() != 4 || info.IsDir() {
			t.Errorf("%T: %d bytes", f, info.Size())
		}
		buf := make([]byte, 8)
		if n, err := file.ReadAt(buf, 1); n != 3 || err != io.EOF || string(buf[:n]) != "\x00xy" {
			t.Errorf("%T: read %q, %v", f, buf[:n], err)
		}
		if n, err := file.ReadAt(buf[:3], 1); n != 3 || err != nil && err != io.EOF {
			t.Errorf("%T: read %d, %v", f, n, err)
		}
		must(f.Rename(name("a"), name("in/side/b")))
		must(f.Remove(name("in/side/b")))
		if n, _ := file.ReadAt(buf, 0); n != 4 {
			t.Errorf("%T: a removed file that is open has %d bytes", f, n)
		}
		must(file.Sync())
		must(file.Close())
		is(file.Close(), fs.ErrClosed)
		_, err = file.ReadAt(buf, 0)
		is(err, fs.ErrClosed)
		must(disk.SyncDir(f, dir))
		entries, err := f.ReadDir(dir)
		must(err)
		if len(entries) != 1 || entries[0].Name() != "in" || !entries[0].IsDir() {
			t.Errorf("%T: %v", f, entries)
		}
		must(f.Remove(name("in/side")))
		must(f.Remove(name("in")))
	}
}
