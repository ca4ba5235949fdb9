package volatile_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// raw returns blocks back to back.
func raw(blocks ...ledger.Block) (b []byte) {
	for _, block := range blocks {
		b = append(b, block.Raw...)
	}
	return b
}

func writeFiles(tb testing.TB, files map[string][]byte) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func readFiles(tb testing.TB, dir string) map[string][]byte {
	tb.Helper()
	files := make(map[string][]byte)
	for _, name := range names(tb, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			tb.Fatal(err)
		}
		files[name] = b
	}
	return files
}

// flipped has one bit changed.
func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// longTag has the same block in a longer array or tag than need be.
func longTag(b ledger.Block) []byte {
	return append([]byte{0x82, 0x18, b.Raw[1]}, b.Raw[2:]...)
}

// Each file ends before the first block that is not whole, not right, or there
// already; others stay as they are. A second opening finds nothing to cut, and one for
// reading only changes nothing.
func TestCut(t *testing.T) {
	b := generated(30)
	all := raw(b...)
	size := func(n int) int { return len(raw(b[:n]...)) }
	for name, test := range map[string]struct {
		files map[string][]byte
		want  []ledger.Block
		left  map[string][]byte // if other files than before
		cuts  []int64           // offsets
	}{
		"nothing wrong": {map[string][]byte{"blocks-0.dat": all}, b, nil, nil},
		"empty folder":  {nil, nil, nil, nil},
		"half a block": {map[string][]byte{"blocks-3.dat": all[:size(7)+100], "blocks-4.dat": raw(b[7:9]...)}, b[:9],
			map[string][]byte{"blocks-3.dat": all[:size(7)], "blocks-4.dat": raw(b[7:9]...)}, []int64{int64(size(7))}},
		"one byte": {map[string][]byte{"blocks-0.dat": all[:size(7)+1]}, b[:7],
			map[string][]byte{"blocks-0.dat": all[:size(7)]}, []int64{int64(size(7))}},
		"zeros": {map[string][]byte{"blocks-0.dat": append(all[:size(7):size(7)], make([]byte, 300_000)...)}, b[:7],
			map[string][]byte{"blocks-0.dat": all[:size(7)]}, []int64{int64(size(7))}},
		"no block at all": {map[string][]byte{"blocks-0.dat": []byte("GIF89a"), "blocks-1.dat": all}, b,
			map[string][]byte{"blocks-1.dat": all}, []int64{0}},
		"no block in the last file": {map[string][]byte{"blocks-0.dat": all, "blocks-1.dat": {0xff}}, b,
			map[string][]byte{"blocks-0.dat": all, "blocks-1.dat": {}}, []int64{0}},
		"an item that is no block": {map[string][]byte{"blocks-0.dat": append(all[:size(3):size(3)], 0x80)}, b[:3],
			map[string][]byte{"blocks-0.dat": all[:size(3)]}, []int64{int64(size(3))}},
		"wrong body": {map[string][]byte{"blocks-0.dat": flipped(all, size(22)-5)}, b[:21],
			map[string][]byte{"blocks-0.dat": all[:size(21)]}, []int64{int64(size(21))}},
		"wrong Byron body": {map[string][]byte{"blocks-0.dat": flipped(all, size(6)-5)}, b[:5],
			map[string][]byte{"blocks-0.dat": all[:size(5)]}, []int64{int64(size(5))}},
		"twice in a file": {map[string][]byte{"blocks-0.dat": raw(b[0], b[1], b[2], b[1], b[3])}, b[:3],
			map[string][]byte{"blocks-0.dat": raw(b[:3]...)}, []int64{int64(size(3))}},
		"twice in two files": {map[string][]byte{"blocks-9.dat": raw(b[0], b[1]), "blocks-10.dat": raw(b[2], b[0], b[3])}, b[:3],
			map[string][]byte{"blocks-9.dat": raw(b[:2]...), "blocks-10.dat": raw(b[2])}, []int64{int64(len(b[2].Raw))}},
		"a tag that is too long": {map[string][]byte{"blocks-0.dat": append(raw(b[:3]...), longTag(b[3])...)}, b[:3],
			map[string][]byte{"blocks-0.dat": raw(b[:3]...)}, []int64{int64(size(3))}},
		"other names": {map[string][]byte{"blocks-0.dat": all, "blocks-.dat": {1}, "blocks-01.dat": {1}, "blocks--1.dat": {1}, "blocks-+2.dat": {1},
			"blocks-2.dat.bak": {1}, "blocks-99999999999999999999.dat": {1}, "Blocks-2.dat": {1}, "lock": {1}, "x-blocks-2.dat": {1}}, b, nil, nil},
		"numbers with gaps": {map[string][]byte{"blocks-7.dat": raw(b[20:]...), "blocks-100.dat": raw(b[:20]...)}, b, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeFiles(t, test.files)
			left := test.left
			if left == nil {
				left = readFiles(t, dir)
			}
			before := readFiles(t, dir)
			o := options(0)
			o.ReadOnly = true
			check := func(db *volatile.DB) {
				t.Helper()
				has(t, db, test.want...)
				var cuts []int64
				for _, c := range db.Cuts() {
					cuts = append(cuts, c.Offset)
					if name := filepath.Base(c.File); c.Bytes != int64(len(before[name]))-c.Offset || c.Reason == "" {
						t.Errorf("%+v of %d bytes", c, len(before[name]))
					}
				}
				if !slices.Equal(cuts, test.cuts) {
					t.Errorf("cut at %v, want %v", db.Cuts(), test.cuts)
				}
			}
			ro := open(t, dir, o)
			check(ro)
			if err := ro.Put(b[0]); !errors.Is(err, volatile.ErrReadOnly) {
				t.Errorf("put into a folder for reading: %v", err)
			}
			if after := readFiles(t, dir); !maps.EqualFunc(after, before, bytes.Equal) {
				t.Error("opening for reading has changed the folder")
			}
			db := open(t, dir, options(0))
			check(db)
			if after := readFiles(t, dir); !maps.EqualFunc(after, left, bytes.Equal) {
				t.Errorf("%v are left, want %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(left)))
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			again := open(t, dir, options(0))
			has(t, again, test.want...)
			if len(again.Cuts()) > 0 {
				t.Errorf("the second opening cuts %v", again.Cuts())
			}
		})
	}
}

// A block of a later era is no damage: nothing is cut, in no file.
func TestLaterEra(t *testing.T) {
	b := generated(3)
	later := bytes.Clone(b[2].Raw)
	later[1] = 0x17
	files := map[string][]byte{"blocks-0.dat": append(raw(b[0]), 1), "blocks-1.dat": append(raw(b[1]), later...)}
	dir := writeFiles(t, files)
	var unknown *ledger.UnknownEraError
	if _, err := volatile.Open(dir, options(0)); !errors.As(err, &unknown) {
		t.Errorf("opened: %v", err)
	}
	if after := readFiles(t, dir); !maps.EqualFunc(after, files, bytes.Equal) {
		t.Error("the folder has changed")
	}
}

// The next block goes into the last file unless that is full, as in cardano-node.
func TestGoesOn(t *testing.T) {
	b := generated(12)
	for n, want := range map[int]string{4: "blocks-11.dat", 5: "blocks-12.dat", 6: "blocks-12.dat"} {
		dir := writeFiles(t, map[string][]byte{"blocks-9.dat": raw(b[10]), "blocks-11.dat": raw(b[:n]...)})
		db := open(t, dir, options(5))
		put(t, db, b[n])
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if got := readFiles(t, dir)[want]; !bytes.HasSuffix(got, b[n].Raw) {
			t.Errorf("with %d blocks in the last file, %s has not the next one: %v", n, want, names(t, dir))
		}
	}
}

// A folder of a node is a folder of many files, some of which do not matter; blocks
// of any size are found, however the reads fall.
func TestLargeBlocks(t *testing.T) {
	blocks := chaintest.NewGenerator(chaintest.Config{Seed: 3}).Blocks(60) // up to 90 kB
	dir := writeFiles(t, map[string][]byte{"blocks-0.dat": raw(blocks...)})
	db := open(t, dir, volatile.Options{Network: chaintest.Network()})
	has(t, db, blocks...)
	if len(db.Cuts()) > 0 {
		t.Error(db.Cuts())
	}
}

// A file that changes under the DB is a damage, and no other block comes back.
func TestDamage(t *testing.T) {
	b := generated(25)
	all := raw(b...)
	dir := writeFiles(t, map[string][]byte{"blocks-0.dat": all})
	db := open(t, dir, options(0))
	at := len(raw(b[:20]...))
	for name, content := range map[string][]byte{
		"body": flipped(all, at+len(b[20].Raw)-1), "header": flipped(all, at+20), "short": all[:at+30],
	} {
		if err := os.WriteFile(filepath.Join(dir, "blocks-0.dat"), content, 0o644); err != nil {
			t.Fatal(err)
		}
		var damage *volatile.DamageError
		if _, err := db.Get(b[20].Header.Point()); !errors.As(err, &damage) || damage.Offset != int64(at) {
			t.Errorf("%s: Get returned %v", name, err)
		}
		n, last := 0, error(nil)
		for _, err := range db.Headers() {
			n, last = n+1, err
		}
		if name != "body" && (n != 21 || !errors.As(last, &damage)) {
			t.Errorf("%s: %d headers, then %v", name, n, last)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "blocks-0.dat"), all, 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, db, b...)
}

func TestOptions(t *testing.T) {
	dir := t.TempDir()
	for name, o := range map[string]volatile.Options{
		"no network":      {},
		"negative number": {Network: chaintest.Network(), MaxBlocks: -1},
	} {
		if _, err := volatile.Open(dir, o); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
	o := options(0)
	o.ReadOnly = true
	if _, err := volatile.Open(filepath.Join(dir, "none"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading a folder that is not there: %v", err)
	}
	db := open(t, dir, options(0))
	for range 2 {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	b := generated(1)[0]
	for name, err := range map[string]error{
		"Put": db.Put(b), "Sync": db.Sync(), "Drop": db.Drop(b.Header.Point()),
	} {
		if !errors.Is(err, volatile.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := db.Get(b.Header.Point()); !errors.Is(err, volatile.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
	if got := fmt.Sprint(names(t, dir)); got != "[]" {
		t.Errorf("files without a block: %s", got)
	}
}
