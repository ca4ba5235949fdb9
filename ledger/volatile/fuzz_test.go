package volatile_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/disktest"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/volatile"
)

// FuzzFiles opens a folder of two files with anything in them. What is found are the
// blocks at the start of each, each once and with the body of its header; opening for
// reading finds the same as opening; the rest is cut off, and a second opening cuts
// nothing. Nothing is cut where a block is of a later era.
func FuzzFiles(f *testing.F) {
	b := generated(26)
	f.Add(raw(b[0], b[1], b[10]), raw(b[20], b[25]))
	f.Add(raw(b[10], b[10]), raw(b[10]))
	f.Add(raw(b[15])[:800], []byte{})
	f.Add(append(raw(b[1]), 0, 0), longTag(b[15]))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		files := map[string][]byte{"d/blocks-9.dat": first, "d/blocks-10.dat": second}
		mem := disktest.New()
		if err := mem.MkdirAll("d", 0o755); err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			if err := disk.Replace(mem, name, content); err != nil {
				t.Fatal(err)
			}
		}
		o := options(0)
		o.Disk, o.ReadOnly = mem, true
		var ro, db *volatile.DB
		var roErr, err error
		fuzz.Bound(t, 8<<20+200*(len(first)+len(second)), func() { ro, roErr = volatile.Open("d", o) })
		o.ReadOnly = false
		db, err = volatile.Open("d", o)
		if err != nil || roErr != nil {
			if !errors.As(err, new(*ledger.UnknownEraError)) || !errors.As(roErr, new(*ledger.UnknownEraError)) {
				t.Fatalf("opened: %v; for reading: %v", err, roErr)
			}
			for name, content := range files {
				if got, err := disk.ReadFile(mem, name); err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%s has changed: %v", name, err)
				}
			}
			return
		}
		var blocks []ledger.Block
		size := 0
		for h, err := range db.Headers() {
			if err != nil {
				t.Fatal(err)
			}
			b, err := db.Get(h.Point())
			if err != nil {
				t.Fatal(err)
			}
			if err := b.CheckBody(); err != nil {
				t.Fatal(err)
			}
			blocks = append(blocks, b)
			size += len(b.Raw)
		}
		has(t, ro, blocks...)
		for _, c := range db.Cuts() {
			size += int(c.Bytes)
		}
		if size != len(first)+len(second) {
			t.Fatalf("blocks and what was cut are %d bytes, want %d", size, len(first)+len(second))
		}
		again, err := volatile.Open("d", o)
		if err != nil || len(again.Cuts()) > 0 {
			t.Fatalf("second opening: %v, cut %v", err, again.Cuts())
		}
		has(t, again, blocks...)
	})
}
