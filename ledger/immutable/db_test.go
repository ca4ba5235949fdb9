package immutable_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// Every block of a chain with boundary blocks is found by its point, and every
// suffix is read from there.
func TestLookup(t *testing.T) {
	s := newStored(t)
	db := open(t, s.write(t, nil), s.network)
	ebbs := 0
	for i, b := range s.blocks {
		h := b.Header
		if h.Raw.EBB {
			ebbs++
		}
		checkLookup(t, db, b)
		n := i
		for raw, err := range db.BlocksAfter(h.Point()) {
			if n++; err != nil || !bytes.Equal(raw, s.blocks[n].Raw) {
				t.Fatalf("block %d after %d: %v", n, i, err)
			}
			if n == i+3 {
				break
			}
		}
		stored, err := db.Header(h.Point())
		if err != nil || !bytes.Equal(stored.Raw.Bytes, h.Raw.Bytes) {
			t.Fatalf("header %d: %v", i, err)
		}
		stored.Raw.Bytes, h.Raw.Bytes = nil, nil
		if stored.Raw.SizeHint != h.Raw.SizeHint || stored.Tip() != h.Tip() {
			t.Errorf("header %d is %+v, want %+v", i, stored, h)
		}
	}
	if ebbs < 2 {
		t.Errorf("only %d boundary blocks", ebbs)
	}
	if n := count(t, db, s.blocks[len(s.blocks)-1].Header.Point()); n != 0 {
		t.Errorf("%d blocks after the tip", n)
	}
	if n := count(t, db, ledger.Origin); n != len(s.blocks) {
		t.Errorf("%d blocks after the origin, want %d", n, len(s.blocks))
	}
	if db.First() != s.blocks[0].Header.Point() {
		t.Errorf("First() = %v", db.First())
	}
}

func count(tb testing.TB, db *immutable.DB, after ledger.Point) (n int) {
	tb.Helper()
	for _, err := range db.BlocksAfter(after) {
		if err != nil {
			tb.Fatal(err)
		}
		n++
	}
	return n
}

func TestIntersect(t *testing.T) {
	s := newStored(t)
	db := open(t, s.write(t, nil), s.network)
	far := ledger.Point{Slot: 1 << 60, Hash: ledger.Hash{1}}
	fork := s.blocks[9].Header.Point()
	fork.Hash[31]++
	third, tenth := s.blocks[3].Header.Point(), s.blocks[10].Header.Point()
	for _, tt := range []struct {
		points []ledger.Point
		want   ledger.Point
		ok     bool
	}{
		{nil, ledger.Origin, false},
		{[]ledger.Point{far, fork}, ledger.Origin, false},
		{[]ledger.Point{far, fork, tenth, third}, tenth, true},
		{[]ledger.Point{third, tenth}, third, true},
		{[]ledger.Point{fork, ledger.Origin, third}, ledger.Origin, true},
	} {
		if p, ok, err := db.Intersect(tt.points); p != tt.want || ok != tt.ok || err != nil {
			t.Errorf("Intersect(%v) = %v, %v, %v, want %v, %v", tt.points, p, ok, err, tt.want, tt.ok)
		}
	}
}

func TestRange(t *testing.T) {
	s := newStored(t)
	db := open(t, s.write(t, nil), s.network)
	ctx := context.Background()
	at := func(i int) ledger.Point { return s.blocks[i].Header.Point() }
	unknown := ledger.Point{Slot: 7, Hash: ledger.Hash{9}}
	for _, tt := range []struct {
		from, to ledger.Point
		n        int
	}{
		{at(0), at(229), 230},
		{at(0), at(1), 2}, // perhaps the same slot: a boundary block is first
		{at(17), at(17), 1},
		{at(99), at(150), 52},
		{at(1), at(0), -1},
		{at(50), at(49), -1},
		{unknown, at(1), -1},
		{at(1), unknown, -1},
		{ledger.Origin, at(1), -1},
	} {
		blocks, err := db.Range(ctx, tt.from, tt.to)
		if err != nil || (blocks == nil) != (tt.n < 0) {
			t.Errorf("Range(%v, %v): %v, %v", tt.from, tt.to, blocks != nil, err)
			continue
		}
		if blocks == nil {
			continue
		}
		n := 0
		for _, err := range blocks {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != tt.n {
			t.Errorf("Range(%v, %v) has %d blocks, want %d", tt.from, tt.to, n, tt.n)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	blocks, _ := db.Range(ctx, at(0), at(9))
	for _, err := range blocks {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled range: %v", err)
		}
	}
	// Also one that was cancelled later, whatever was read by then.
	ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	blocks, _ = db.Range(ctx, at(0), at(99))
	n := 0
	var err error
	for _, err = range blocks {
		if n++; n == 20 {
			cancel()
		}
	}
	if n != 21 || !errors.Is(err, context.Canceled) {
		t.Errorf("range cancelled at block 20: %d blocks, %v", n-1, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	s := newStored(t)
	dir := t.TempDir()
	db := openAppend(t, dir, s.network)
	if tip, n := db.Tip(), count(t, db, ledger.Origin); tip != (ledger.Tip{}) || n != 0 || !db.First().IsOrigin() {
		t.Errorf("empty folder has tip %v, %d blocks", tip, n)
	}
	appendTo(t, db, s.blocks[:10])
	for _, i := range []int{0, 8, 9, 11} {
		if err := db.Append(s.blocks[i]); !errors.Is(err, immutable.ErrDoesNotFollow) {
			t.Errorf("block %d after 9: %v", i, err)
		}
	}
	huge := s.blocks[10]
	huge.Raw = append(bytes.Clone(huge.Raw), make([]byte, 2_500_000)...)
	if err := db.Append(huge); err == nil || db.Tip() != s.blocks[9].Header.Tip() {
		t.Errorf("a block of %d bytes: %v", len(huge.Raw), err)
	}
	if err := db.Append(s.blocks[10]); err != nil {
		t.Fatal(err)
	}
	if _, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network}); !errors.Is(err, immutable.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	for _, db := range []*immutable.DB{db, open(t, dir, s.network)} {
		if err := db.Append(s.blocks[11]); !errors.Is(err, immutable.ErrReadOnly) {
			t.Errorf("append: %v", err)
		}
		if err := db.Sync(); !errors.Is(err, immutable.ErrReadOnly) {
			t.Errorf("sync: %v", err)
		}
		if n := count(t, db, ledger.Origin); n != 11 {
			t.Errorf("%d blocks after closing", n)
		}
	}
}

// A block is not in another slot than its own, in whatever chunk it is.
func TestHashInAnotherSlot(t *testing.T) {
	s := newStored(t)
	db := open(t, s.write(t, nil), s.network)
	for _, b := range s.blocks[1:] {
		for _, slot := range []ledger.Slot{b.Header.Slot - 1, b.Header.Slot + 1} {
			if ok, err := db.Contains(ledger.Point{Slot: slot, Hash: b.Header.Hash}); ok || err != nil {
				t.Errorf("block of slot %d in slot %d: %t, %v", b.Header.Slot, slot, ok, err)
			}
		}
	}
}

// Chunks without a block have files, too.
func TestGaps(t *testing.T) {
	n := smallChunks()
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 250}
	blocks := chaintest.NewGenerator(chaintest.Config{Network: n, BlockSize: 1, After: 1000}).Blocks(60)
	dir := t.TempDir()
	appendAll(t, dir, n, blocks)
	last := blocks[len(blocks)-1].Header
	if files := folderFiles(t, dir); len(files) != 3*int(last.Slot/100+1) {
		t.Errorf("%d files for slots up to %d", len(files), last.Slot)
	}
	db := openAppend(t, dir, n)
	if db.Tip() != last.Tip() || count(t, db, ledger.Origin) != len(blocks) {
		t.Errorf("opened at %v, want %v", db.Tip(), last.Tip())
	}

	far := chaintest.NewGenerator(chaintest.Config{Network: n, After: 1 << 50}).Next()
	if err := openAppend(t, t.TempDir(), n).Append(far); !errors.Is(err, immutable.ErrDoesNotFollow) {
		t.Errorf("a first block in slot %d: %v", far.Header.Slot, err)
	}
}

// A folder may start anywhere, but then it does not lead to the origin.
func TestStartsLater(t *testing.T) {
	s := newStored(t)
	dir := t.TempDir()
	appendAll(t, dir, s.network, s.blocks[100:])
	db := open(t, dir, s.network)
	if ok, err := db.Contains(ledger.Origin); ok || err != nil {
		t.Errorf("Contains(origin) = %v, %v", ok, err)
	}
	for _, err := range db.BlocksAfter(ledger.Origin) {
		if !errors.Is(err, immutable.ErrNotFound) {
			t.Errorf("after the origin: %v", err)
		}
	}
	if n := count(t, db, db.First()); n != len(s.blocks)-101 {
		t.Errorf("%d blocks after the first", n)
	}
	// A point in a chunk that the folder does not have is not on its chain.
	if ok, err := db.Contains(s.blocks[2].Header.Point()); ok || err != nil {
		t.Errorf("Contains(%v) = %v, %v", s.blocks[2].Header.Point(), ok, err)
	}
}

// Readers see each block as soon as it is appended, across chunks.
func TestReadWhileAppending(t *testing.T) {
	s := newStored(t)
	db := openAppend(t, t.TempDir(), s.network)
	appended := make([]chan struct{}, len(s.blocks))
	for i := range appended {
		appended[i] = make(chan struct{})
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			at := ledger.Origin
			for i := 0; i < len(s.blocks); {
				<-appended[i]
				for h, err := range db.HeadersAfter(at) {
					if err != nil || h.Point() != s.blocks[i].Header.Point() {
						t.Errorf("header %d is %v, %v", i, h.Point(), err)
						return
					}
					at = h.Point()
					i++
				}
			}
		})
	}
	for i, b := range s.blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		close(appended[i])
		if raw, err := db.Block(b.Header.Point()); err != nil || !bytes.Equal(raw, b.Raw) {
			t.Fatalf("block %d: %v", i, err)
		}
	}
	wg.Wait()
}

// A sequence goes on with blocks that are appended while its last one is taken.
func TestAppendWhileReading(t *testing.T) {
	s := newStored(t)
	db := openAppend(t, t.TempDir(), s.network)
	if err := db.Append(s.blocks[0]); err != nil {
		t.Fatal(err)
	}
	n := 0
	for raw, err := range db.BlocksAfter(ledger.Origin) {
		if err != nil || !bytes.Equal(raw, s.blocks[n].Raw) {
			t.Fatalf("block %d: %v", n, err)
		}
		if n++; db.Tip() != s.blocks[n-1].Header.Tip() {
			continue
		}
		appendTo(t, db, s.blocks[n:min(n+1+n%3, len(s.blocks))])
	}
	if n != len(s.blocks) {
		t.Errorf("%d blocks, want %d", n, len(s.blocks))
	}
}

// The index of a chunk is read once for many lookups.
func TestIndexIsKept(t *testing.T) {
	s := newStored(t)
	dir := s.write(t, nil)
	db := open(t, dir, s.network)
	from, to := s.of(2)
	if _, err := db.Block(s.blocks[from].Header.Point()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"secondary", "primary"} {
		if err := os.Remove(filepath.Join(dir, s.name(2, kind))); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range s.blocks[from:to] {
		checkLookup(t, db, b)
	}
}

func TestOpenNothing(t *testing.T) {
	dir := t.TempDir()
	o := immutable.Options{Network: smallChunks()}
	if _, err := immutable.Open(dir, o); err == nil || !strings.Contains(err.Error(), "no chunk files") {
		t.Errorf("empty folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "immutable"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := immutable.Open(dir, o); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("folder above: %v", err)
	}
	if _, err := immutable.Open(filepath.Join(dir, "none"), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// openFiles returns how many files this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of open files here")
	}
	return len(names)
}

// No file stays open but while it is read.
func TestFilesAreClosed(t *testing.T) {
	s := newStored(t)
	dir := s.write(t, nil)
	before := openFiles(t)
	db := open(t, dir, s.network)
	for i := 0; i < len(s.blocks); i += 7 {
		p := s.blocks[i].Header.Point()
		if _, err := db.Block(p); err != nil {
			t.Fatal(err)
		}
		for _, err := range db.HeadersFrom(p) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d files are open, %d before", after, before)
	}
}

// One that appends has the files of one chunk open, and its lock.
func TestFilesOpenForAppending(t *testing.T) {
	s := newStored(t)
	before, dir := openFiles(t), t.TempDir()
	db := openAppend(t, dir, s.network)
	for _, b := range s.blocks {
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		if now := openFiles(t); now != before+4 {
			t.Fatalf("%d files are open at %v, %d before", now, b.Header.Point(), before)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files are open, %d before", after, before)
	}
	openAppend(t, dir, s.network)
	if again := openFiles(t); again != before+4 {
		t.Errorf("opened again, %d files are open, %d before", again, before)
	}
}

// No file stays open while the consumer of a sequence has an element, for however long that is.
func TestNoFileWaitsForConsumer(t *testing.T) {
	s := newStored(t)
	db := open(t, s.write(t, nil), s.network)
	before := openFiles(t)
	check := func(how string, i int, err error) {
		if after := openFiles(t); err != nil || after > before {
			t.Fatalf("%s, element %d: %v; %d files are open, %d before", how, i, err, after, before)
		}
	}
	n := 0
	for _, err := range db.BlocksAfter(ledger.Origin) {
		check("blocks", n, err)
		n++
	}
	for _, err := range db.HeadersAfter(ledger.Origin) {
		check("headers", n, err)
		n++
	}
	blocks, err := db.Range(context.Background(), db.First(), db.Tip().Point)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range blocks {
		check("range", n, err)
		n++
	}
	if n != 3*len(s.blocks) {
		t.Errorf("%d elements for three times %d blocks", n, len(s.blocks))
	}
}
