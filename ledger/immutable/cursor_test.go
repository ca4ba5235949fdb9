package immutable

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// counted counts what is read of a folder, by kind of file.
type counted struct{ opens, reads, bytes map[string]int }

// count makes db count what is read from now on.
func count(db *DB) *counted {
	n := &counted{make(map[string]int), make(map[string]int), make(map[string]int)}
	db.disk = opener{disk.OS, func(f disk.File, name string) disk.File {
		kind := strings.TrimPrefix(filepath.Ext(name), ".")
		n.opens[kind]++
		return &countedFile{f, n, kind}
	}}
	return n
}

func (n *counted) total() int {
	return n.reads[chunkFile] + n.reads[secondaryFile] + n.reads[primaryFile]
}

// opener wraps the files that are opened.
type opener struct {
	disk.FS
	wrap func(f disk.File, name string) disk.File
}

func (o opener) OpenFile(name string, flag int, perm fs.FileMode) (disk.File, error) {
	f, err := o.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return o.wrap(f, name), nil
}

type countedFile struct {
	disk.File
	n    *counted
	kind string
}

func (f *countedFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.File.ReadAt(p, offset)
	f.n.reads[f.kind]++
	f.n.bytes[f.kind] += n
	return n, err
}

// filled returns a folder with n blocks of a size in one chunk.
func filled(tb testing.TB, size, n int) *DB {
	network := chaintest.Network()
	network.Eras[ledger.Byron].EpochLength = 100_000
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: size, Network: network})
	db, err := OpenAppend(tb.TempDir(), Options{Network: g.Network()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	for _, b := range g.Blocks(n) {
		if err := db.Append(b); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

// What is read ahead is bounded in number and bytes, but never less than one. All of it
// is one read, into one buffer of that size.
func TestReadAhead(t *testing.T) {
	for _, test := range []struct {
		block, n int
		to       place
		lent     int64 // before
		want     int
	}{
		{1000, 1, endOfChain, 0, 1},
		{1000, 7, endOfChain, 0, 7},
		{1000, maxAhead, endOfChain, 0, 12}, // all there are, for the time being
		{1000, 7, place{0, 3}, 0, 4},
		{1000, 4, place{0, 3}, 0, 4},
		{15_000, 12, endOfChain, lendable, 2},
		{15_000, 12, endOfChain, lendable - maxBlocksAhead, 8},
		{50_000, 7, endOfChain, lendable, 1},
		{50_000, 7, endOfChain, 0, 2},
		{140_000, 7, endOfChain, 0, 1},
	} {
		db := filled(t, test.block, 12)
		db.lender.lent.Store(test.lent)
		n := count(db)
		c := cursor{db: db}
		got, err := readAhead(&c, nil, test.n, test.to, blocks)
		if len(got) != test.want || err != nil || c.i != test.want {
			t.Errorf("%d blocks of %d bytes, at most %d up to %v: %d, %v, next is %d", 12, test.block, test.n, test.to, len(got), err, c.i)
		}
		bytes := 0
		for i, p := range got {
			if p.x.point(p.i) != db.state.Load().head.point(i) || int64(len(p.raw)) != p.x.size(p.i) || cap(p.raw) != len(p.raw) {
				t.Errorf("piece %d is %v, of %d bytes", i, p.x.point(p.i), len(p.raw))
			}
			bytes += len(p.raw)
		}
		if n.total() != 1 || n.bytes[chunkFile] != bytes {
			t.Errorf("%d blocks of %d bytes: read %v, %v", len(got), test.block, n.reads, n.bytes)
		}
		if len(c.x.raw) > (test.n+1)*entrySize {
			t.Errorf("keeps %d bytes of the index for %d blocks", len(c.x.raw), test.n)
		}
		if lent := db.lender.lent.Load() - test.lent; lent != max(int64(bytes)-blocksAhead, 0) && test.want > 1 || lent > 0 && test.want == 1 {
			t.Errorf("%d blocks of %d bytes: %d are lent", len(got), test.block, lent)
		}
		c.giveBack()
		if lent := db.lender.lent.Load(); lent != test.lent {
			t.Errorf("%d are still lent, %d before", lent, test.lent)
		}
		if test.to != endOfChain && test.want == test.to.i+1 {
			if got, err := readAhead(&c, nil, test.n, test.to, blocks); len(got) != 0 || err != io.EOF {
				t.Errorf("after the last one: %d, %v", len(got), err)
			}
		}
	}
	// Headers are kept without what is between them, up to the last byte allowed.
	db := filled(t, 1000, 12)
	for size, want := range map[int64]int{headersAhead / 2: 2, headersAhead/2 + 1: 1} {
		x := db.state.Load().head
		if end, total := x.fill(3, 12, headersAhead, func(*index, int) int64 { return size }); end != 3+want || total != size*int64(want) {
			t.Errorf("up to piece %d, %d bytes", end, total)
		}
	}
}

// A sequence reads no more ahead than was taken from it, and gives back what it has
// lent however it ends.
func TestReadAheadGrows(t *testing.T) {
	db := filled(t, 1000, 600)
	n := count(db)
	taken := 0
	for _, err := range walk(db, place{0, 0}, endOfChain, 1, blocks) {
		if err != nil {
			t.Fatal(err)
		}
		read := n.bytes[chunkFile] / (int(db.state.Load().head.end) / 600)
		if read > 2*taken+2 || read > taken+maxAhead+1 {
			t.Fatalf("%d read when %d were taken", read, taken)
		}
		taken++
	}
	if taken != 600 || db.lender.lent.Load() != 0 {
		t.Errorf("%d taken, %d bytes are lent", taken, db.lender.lent.Load())
	}
	for range walk(db, place{0, 0}, endOfChain, maxAhead, blocks) {
		if db.lender.lent.Load() == 0 {
			t.Error("nothing is lent")
		}
		break
	}
	if db.lender.lent.Load() != 0 {
		t.Errorf("%d bytes are lent after the end", db.lender.lent.Load())
	}
}

// What is between headers is read with them where there is little, and headers by
// themselves where it is much, or where many readers read it already.
func TestHeaderReads(t *testing.T) {
	for _, test := range []struct {
		block, busy int
		reads       int // of the chunk file
	}{
		{1000, 0, 5},     // 64 KiB of headers at a time, or what there are entries of
		{20_000, 0, 22},  // 256 KiB at a time: 13 blocks
		{80_000, 0, 300}, // each by itself
		{20_000, maxScratch, 300},
	} {
		db := filled(t, test.block, 300)
		db.lender.scratches.Store(int64(test.busy))
		n := count(db)
		taken := 0
		for h, err := range walk(db, place{0, 0}, endOfChain, maxAhead, headers) {
			if err != nil {
				t.Fatal(err)
			}
			if h.Point() != db.state.Load().head.point(taken) {
				t.Fatalf("header %d is %v", taken, h.Point())
			}
			taken++
		}
		t.Logf("%d headers of blocks of %d bytes: %v reads of %v bytes", taken, test.block, n.reads, n.bytes)
		if reads := n.reads[chunkFile]; taken != 300 || reads > test.reads+test.reads/8 || reads < test.reads*7/8 {
			t.Errorf("%d headers of blocks of %d bytes in %d reads, want about %d", taken, test.block, reads, test.reads)
		}
		if db.lender.scratches.Load() != int64(test.busy) {
			t.Error("a buffer was not given back")
		}
	}
}

// stopping is a file that cannot be read from a byte on.
type stopping struct {
	disk.File
	at  int64
	err error
}

func (f stopping) ReadAt(p []byte, offset int64) (int, error) {
	n, _ := f.File.ReadAt(p[:max(0, min(int64(len(p)), f.at-offset))], offset)
	if n < len(p) {
		return n, f.err
	}
	return n, nil
}

// What is whole before the byte that cannot be read is yielded, and then the error.
func TestReadAheadStops(t *testing.T) {
	db := filled(t, 1000, 50)
	x := db.state.Load().head
	broken := errors.New("broken")
	for _, cause := range []error{broken, io.EOF} {
		for _, in := range []int{0, 1, 7, 48, 49} {
			for _, at := range []int64{0, 1, x.headerEnd(in) - 1, x.headerEnd(in), x.size(in) - 1} {
				offset, _ := x.place(in)
				db.disk = opener{disk.OS, func(f disk.File, _ string) disk.File { return stopping{f, offset + at, cause} }}
				wantBlocks, wantHeaders := in, in
				if at >= x.headerEnd(in) {
					wantHeaders++
				}
				check := func(what string, got, want int, err error) {
					t.Helper()
					if got != want || cause == broken && !errors.Is(err, broken) || cause == io.EOF && !errors.As(err, new(*DamageError)) {
						t.Errorf("%s up to byte %d of block %d: %d of them, want %d, and %v", what, at, in, got, want, err)
					}
				}
				n, last := 0, error(nil)
				for _, err := range walk(db, place{0, 0}, endOfChain, maxAhead, blocks) {
					if last = err; err == nil {
						n++
					}
				}
				check("blocks", n, wantBlocks, last)
				if wantHeaders == 50 {
					continue
				}
				n = 0
				for _, err := range walk(db, place{0, 0}, endOfChain, maxAhead, headers) {
					if last = err; err == nil {
						n++
					}
				}
				check("headers", n, wantHeaders, last)
			}
		}
	}
}

// A reader that stays in a chunk finds its way without the whole index, if that is no
// longer at hand: it reads some entries at a time.
func TestReadPart(t *testing.T) {
	db, stored, _ := appended(t)
	var chunks []uint64
	for c := db.state.Load().firstChunk; c < db.state.Load().head.chunk; c++ {
		chunks = append(chunks, c)
	}
	for _, chunk := range chunks {
		whole, err := db.index(chunk)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := db.cache.shape(chunk)
		if !ok {
			t.Fatalf("the shape of chunk %d is not known", chunk)
		}
		for i := range whole.len() + 1 {
			for _, n := range []int{1, 2, whole.len()} {
				x, err := db.readPart(chunk, s, i, n)
				if want := whole.part(i, n); err != nil || (x == nil) != (want == nil) || x != nil && (string(x.raw) != string(want.raw) || x.end != want.end || x.from != want.from || x.ebb != want.ebb) {
					t.Errorf("entries %d to %d of chunk %d: %+v, %v, want %+v", i, i+n, chunk, x, err, want)
				}
			}
		}
	}
	if len(stored) == 0 || len(chunks) == 0 {
		t.Error("nothing was read")
	}
}

// Readers see blocks while others are appended: each of them whole and in order.
func TestReadWhileAppending(t *testing.T) {
	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 3000})
	n := g.Network()
	n.Eras[ledger.Byron].EpochLength = 1000
	db, err := OpenAppend(t.TempDir(), Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stored := g.Blocks(400)
	var appended atomic.Int64
	failed := make(chan error, 4)
	for range cap(failed) {
		go func() {
			at, seen := ledger.Origin, 0
			for seen < len(stored) {
				for raw, err := range db.BlocksAfter(at) {
					if err != nil || string(raw) != string(stored[seen].Raw) {
						failed <- errors.Join(err, errors.New("another block"))
						return
					}
					at = stored[seen].Header.Point()
					seen++
				}
				if int64(seen) < appended.Load() && db.Tip().Point == at {
					failed <- errors.New("a block is missing")
					return
				}
			}
			failed <- nil
		}()
	}
	for _, b := range stored {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		appended.Add(1)
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}
