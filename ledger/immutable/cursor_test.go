package immutable

import (
	"io"
	"testing"

	"github.com/ouronet/ouronet/internal/chaingen"
	"github.com/ouronet/ouronet/ledger"
)

// What is read ahead is bounded in number and bytes, but never less than one.
func TestReadAhead(t *testing.T) {
	for _, test := range []struct {
		block, n int
		to       place
		want     int
		err      error
	}{
		{1000, 1, endOfChain, 1, nil},
		{1000, 7, endOfChain, 7, nil},
		{1000, maxAhead, endOfChain, 12, nil}, // all there are, for the time being
		{1000, 7, place{0, 3}, 4, io.EOF},
		{1000, 4, place{0, 3}, 4, nil},
		{25_000, 7, endOfChain, 2, nil},
		{70_000, 7, endOfChain, 1, nil},
	} {
		g := chaingen.New(chaingen.Config{BlockSize: test.block})
		db, err := OpenAppend(t.TempDir(), Options{Network: g.Network()})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range g.Blocks(12) {
			if err := db.Append(b); err != nil {
				t.Fatal(err)
			}
		}
		c := cursor{db: db}
		got, err := c.readAhead(nil, test.n, test.to, blocks.size)
		if len(got) != test.want || err != test.err || c.file != nil || c.x != nil || c.i != test.want {
			t.Errorf("%d blocks of %d bytes, at most %d up to %v: %d, %v, next is %d", 12, test.block, test.n, test.to, len(got), err, c.i)
		}
		for i, p := range got {
			if p.x.point(p.i) != db.state.Load().head.point(i) || int64(len(p.raw)) != p.x.size(p.i) || len(p.x.raw) > 2*entrySize {
				t.Errorf("piece %d is %v, of %d bytes", i, p.x.point(p.i), len(p.raw))
			}
		}
		// A header is read without the body.
		c = cursor{db: db}
		if got, err := c.readAhead(nil, 12, endOfChain, headers.size); len(got) != 12 || err != nil {
			t.Errorf("%d headers of blocks of %d bytes, %v", len(got), test.block, err)
		}
		// The bound is the last number of bytes that is allowed.
		for size, want := range map[int64]int{maxAheadBytes / 2: 2, maxAheadBytes/2 + 1: 1} {
			c = cursor{db: db}
			if got, err := c.readAhead(nil, 12, endOfChain, func(*index, int) int64 { return size }); test.block > maxAheadBytes && (len(got) != want || err != nil) {
				t.Errorf("%d pieces of %d bytes, %v", len(got), size, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A sequence reads no more ahead than was taken from it.
func TestReadAheadGrows(t *testing.T) {
	g := chaingen.New(chaingen.Config{})
	db, err := OpenAppend(t.TempDir(), Options{Network: g.Network()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, b := range g.Blocks(300) {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	read := 0
	size := func(x *index, i int) int64 {
		read++
		return headers.size(x, i)
	}
	taken := 0
	for _, err := range walk(db, place{0, 0}, endOfChain, part[ledger.Header]{size, headers.parse}) {
		if err != nil {
			t.Fatal(err)
		}
		if read > max(2*taken, 1) || read > taken+maxAhead {
			t.Fatalf("%d read when %d were taken", read, taken)
		}
		taken++
	}
	if taken != 300 || read != 300 {
		t.Errorf("%d of %d taken", taken, read)
	}
}
