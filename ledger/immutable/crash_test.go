package immutable_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// smallChunks has chunks of 100 slots with about 20 blocks each.
func smallChunks() ledger.Network {
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 100
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 5}
	return n
}

// stored is a folder with a chain from Byron on, whose files are in memory.
type stored struct {
	network ledger.Network
	blocks  []ledger.Block
	files   map[string][]byte
	last    uint64 // chunk
	before  int    // number of blocks before the last chunk
}

func newStored(tb testing.TB) *stored {
	tb.Helper()
	s := &stored{network: smallChunks(), files: map[string][]byte{}}
	s.blocks = chaintest.NewGenerator(chaintest.Config{
		Seed: 1, Network: s.network, BlockSize: 1500,
		Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 150}, {Era: ledger.Alonzo, Blocks: 20}, {Era: ledger.Conway, Blocks: 20}, {Era: ledger.Dijkstra}},
	}).Blocks(230)
	dir := tb.TempDir()
	appendAll(tb, dir, s.network, s.blocks)
	s.files = folderFiles(tb, dir)
	s.last = uint64(s.blocks[len(s.blocks)-1].Header.Slot) / 100
	for uint64(s.blocks[s.before].Header.Slot)/100 < s.last {
		s.before++
	}
	return s
}

func appendAll(tb testing.TB, dir string, n ledger.Network, blocks []ledger.Block) {
	tb.Helper()
	db := openAppend(tb, dir, n)
	appendTo(tb, db, blocks)
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
}

// folderFiles returns the files of all chunks.
func folderFiles(tb testing.TB, dir string) map[string][]byte {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "0*"))
	if err != nil {
		tb.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		files[filepath.Base(name)] = readFile(tb, name)
	}
	return files
}

func (s *stored) name(chunk uint64, kind string) string { return fmt.Sprintf("%05d.%s", chunk, kind) }

// end returns where block i ends in its chunk file.
func (s *stored) end(i int) int {
	end := 0
	for j := i; j >= 0 && s.blocks[j].Header.Slot/100 == s.blocks[i].Header.Slot/100; j-- {
		end += len(s.blocks[j].Raw)
	}
	return end
}

// complete returns how many blocks are left when the files of the last chunk
// are cut to these lengths.
func (s *stored) complete(chunk, secondary int) int {
	n := s.before
	for n < len(s.blocks) && s.end(n) <= chunk && (n-s.before+1)*56 <= secondary {
		n++
	}
	return n
}

// write puts the files into a new folder, some replaced; nil removes one.
func (s *stored) write(tb testing.TB, replaced map[string][]byte) string {
	tb.Helper()
	dir, err := os.MkdirTemp(tb.TempDir(), "")
	if err != nil {
		tb.Fatal(err)
	}
	put := func(name string, b []byte) {
		if b == nil {
			return
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	for name, b := range s.files {
		if _, ok := replaced[name]; !ok {
			put(name, b)
		}
	}
	for name, b := range replaced {
		put(name, b)
	}
	return dir
}

// repair opens a folder for appending, wants n blocks in it, appends the others
// and wants the files to be what they were.
func (s *stored) repair(t *testing.T, dir string, n int, what string) {
	t.Helper()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer db.Close()
	want := ledger.Tip{}
	if n > 0 {
		want = s.blocks[n-1].Header.Tip()
	}
	if db.Tip() != want {
		t.Fatalf("%s: tip is %v, want %v", what, db.Tip(), want)
	}
	for _, b := range s.blocks[n:] {
		if err := db.Append(b); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	files := folderFiles(t, dir)
	for name, want := range s.files {
		if !bytes.Equal(files[name], want) {
			t.Fatalf("%s: %s has changed", what, name)
		}
	}
	if len(files) != len(s.files) {
		t.Fatalf("%s: %d files, want %d", what, len(files), len(s.files))
	}
}

// Wherever the files of the last chunk end, the blocks that are whole remain.
func TestCutFiles(t *testing.T) {
	s := newStored(t)
	chunk, secondary, primary := s.name(s.last, "chunk"), s.name(s.last, "secondary"), s.name(s.last, "primary")
	check := func(c, x, p int) {
		what := fmt.Sprintf("files cut to %d, %d, %d", c, x, p)
		cut := map[string][]byte{chunk: s.files[chunk][:c], secondary: s.files[secondary][:x], primary: s.files[primary][:p]}
		n := s.complete(c, x)
		dir := s.write(t, cut)
		if db := open(t, dir, s.network); db.Tip() != s.blocks[n-1].Header.Tip() {
			t.Fatalf("%s, read-only: tip is %v, want %v", what, db.Tip(), s.blocks[n-1].Header.Tip())
		}
		s.repair(t, dir, n, what)
	}
	all := func(name string) int { return len(s.files[name]) }
	for i := s.before; i < len(s.blocks); i++ {
		for d := -1; d <= 1; d++ {
			check(min(s.end(i)+d, all(chunk)), all(secondary), all(primary))
			check(all(chunk), min((i-s.before+1)*56+d, all(secondary)), all(primary))
		}
	}
	check(0, all(secondary), all(primary))
	check(all(chunk), 0, all(primary))
	check(all(chunk), all(secondary), 0)
	check(0, 0, 0)
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		check(r.IntN(all(chunk)+1), r.IntN(all(secondary)+1), r.IntN(all(primary)+1))
	}
}

// A wrong byte in the last chunk ends the chain before the block it is about,
// and one in a primary file does nothing.
func TestFlippedBytes(t *testing.T) {
	s := newStored(t)
	chunk, secondary, primary := s.name(s.last, "chunk"), s.name(s.last, "secondary"), s.name(s.last, "primary")
	r := rand.New(rand.NewPCG(2, 2))
	flip := func(name string, at int) map[string][]byte {
		b := bytes.Clone(s.files[name])
		b[at] ^= byte(1 + r.IntN(255))
		return map[string][]byte{name: b}
	}
	for at := 0; at < len(s.files[secondary]); at += 9 { // 9 and 56 have no common divisor: all fields
		s.repair(t, s.write(t, flip(secondary, at)), s.before+at/56, fmt.Sprintf("secondary byte %d", at))
	}
	for range 60 {
		at := r.IntN(len(s.files[chunk]))
		n := s.before
		for s.end(n) <= at {
			n++
		}
		s.repair(t, s.write(t, flip(chunk, at)), n, fmt.Sprintf("chunk byte %d", at))
	}
	for range 20 {
		at := r.IntN(len(s.files[primary]))
		s.repair(t, s.write(t, flip(primary, at)), len(s.blocks), fmt.Sprintf("primary byte %d", at))
	}
}

// A crash while a new chunk was begun leaves some of its files.
func TestCrashBetweenChunks(t *testing.T) {
	s := newStored(t)
	for mask := range 8 {
		some := map[string][]byte{}
		for i, kind := range []string{"chunk", "secondary", "primary"} {
			if mask>>i&1 == 1 {
				some[s.name(s.last+1, kind)] = []byte{}
			}
		}
		dir := s.write(t, some)
		if db := open(t, dir, s.network); db.Tip() != s.blocks[len(s.blocks)-1].Header.Tip() {
			t.Errorf("mask %d: tip is %v", mask, db.Tip())
		}
		s.repair(t, dir, len(s.blocks), fmt.Sprintf("mask %d", mask))
	}
}

// A file that has nothing to do with the chain is no reason to look for all that
// could be before it.
func TestStrayFiles(t *testing.T) {
	s := newStored(t)
	stray := map[string][]byte{"4294967295.chunk": {}, "4294967294.primary": {1}, "1.chunk": {}, "lock": {},
		"00090.chunk": {}, "00091.chunk": {}, "00092.chunk": {}}
	dir := s.write(t, stray)
	if db := open(t, dir, s.network); db.Tip() != s.blocks[len(s.blocks)-1].Header.Tip() {
		t.Errorf("tip is %v", db.Tip())
	}
	s.repair(t, dir, len(s.blocks), "stray files")
}

// When the end of the chunk before the last one is lost, so is the last one.
func TestDamageBeforeLastChunk(t *testing.T) {
	s := newStored(t)
	name := s.name(s.last-1, "chunk")
	b := bytes.Clone(s.files[name])
	b[len(b)-1] ^= 1
	dir := s.write(t, map[string][]byte{name: b})
	s.repair(t, dir, s.before-1, "last byte of the chunk before")
	s.repair(t, s.write(t, map[string][]byte{s.name(s.last, "secondary"): nil}), s.before, "no secondary file")
	s.repair(t, s.write(t, map[string][]byte{s.name(s.last, "chunk"): nil}), s.before, "no chunk file")
}

// Damage that no crash explains is named and not repaired.
func TestDamageIsRefused(t *testing.T) {
	s := newStored(t)
	zero := make([]byte, 1<<14)
	for name, replaced := range map[string]map[string][]byte{
		"three chunks": {s.name(s.last, "chunk"): zero, s.name(s.last-1, "chunk"): zero, s.name(s.last-2, "chunk"): zero},
		"first block":  {s.name(0, "chunk"): zero},
		"first index":  {s.name(0, "secondary"): nil},
	} {
		dir := s.write(t, replaced)
		before := folderFiles(t, dir)
		db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
		var damage *immutable.DamageError
		if !errors.As(err, &damage) {
			t.Errorf("%s: opened at %v, %v", name, db, err)
		}
		if after := folderFiles(t, dir); len(after) != len(before) {
			t.Errorf("%s: files were removed", name)
		}
	}
}

// A reader of a folder with any one wrong byte gets blocks of the chain in
// order, and then perhaps a DamageError.
func TestReadDamaged(t *testing.T) {
	s := newStored(t)
	r := rand.New(rand.NewPCG(3, 3))
	for range 100 {
		chunk := r.Uint64N(s.last + 1)
		name := s.name(chunk, []string{"chunk", "secondary"}[r.IntN(2)])
		b := bytes.Clone(s.files[name])
		at := r.IntN(len(b))
		b[at] ^= byte(1 + r.IntN(255))
		dir := s.write(t, map[string][]byte{name: b})

		var damage *immutable.DamageError
		db, err := immutable.Open(dir, immutable.Options{Network: s.network})
		if err != nil {
			if !errors.As(err, &damage) {
				t.Fatalf("%s byte %d: %v", name, at, err)
			}
			continue
		}
		i := 0
		for raw, err := range db.BlocksFrom(ledger.Origin) {
			if err != nil {
				if !errors.As(err, &damage) {
					t.Fatalf("%s byte %d: %v", name, at, err)
				}
				break
			}
			if !bytes.Equal(raw, s.blocks[i].Raw) {
				t.Fatalf("%s byte %d: block %d has other bytes", name, at, i)
			}
			i++
		}
	}
}

// An entry that points far beyond its file costs no memory.
func TestHugeOffsets(t *testing.T) {
	s := newStored(t)
	name := s.name(1, "secondary")
	for _, v := range []uint64{1 << 31, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		b := bytes.Clone(s.files[name])
		binary.BigEndian.PutUint64(b[2*56:], v)
		db := open(t, s.write(t, map[string][]byte{name: b}), s.network)
		var damage *immutable.DamageError
		if _, err := db.Block(s.blocks[120].Header.Point()); !errors.As(err, &damage) || filepath.Base(damage.File) != name {
			t.Errorf("offset %d: %v", v, err)
		}
	}
}

// Removed counts the bytes of blocks, in the last chunk or in all of it.
func TestRemoved(t *testing.T) {
	s := newStored(t)
	last, before := s.name(s.last, "chunk"), s.name(s.last-1, "chunk")
	size := int64(len(s.files[last]))
	flipped := bytes.Clone(s.files[before])
	flipped[len(flipped)-1] ^= 1
	for what, test := range map[string]struct {
		files map[string][]byte
		want  int64
	}{
		"nothing":                    {nil, 0},
		"a byte too many":            {map[string][]byte{last: append(bytes.Clone(s.files[last]), 0)}, 1},
		"chunk without an index":     {map[string][]byte{s.name(s.last, "secondary"): nil}, size},
		"index without a chunk":      {map[string][]byte{last: nil}, 0},
		"end of the chunk before":    {map[string][]byte{before: flipped}, size + int64(len(s.blocks[s.before-1].Raw))},
		"primary file after the end": {map[string][]byte{s.name(s.last+1, "primary"): {1}}, 0},
	} {
		db := openAppend(t, s.write(t, test.files), s.network)
		if got := db.Removed(); got != test.want {
			t.Errorf("%s: %d bytes removed, want %d", what, got, test.want)
		}
	}
}

// A file that cannot be opened leaves the folder as it is: the block can be
// appended later, or another one in its place.
func TestFileCannotBeOpened(t *testing.T) {
	s := newStored(t)
	for _, kind := range []string{"chunk", "secondary", "primary"} {
		for at, chunk := range map[int]uint64{0: 0, s.before: s.last} {
			dir := t.TempDir()
			db := openAppend(t, dir, s.network)
			appendTo(t, db, s.blocks[:at])
			tip := db.Tip()
			inTheWay := filepath.Join(dir, s.name(chunk, kind))
			if err := os.Mkdir(inTheWay, 0o755); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := db.Append(s.blocks[at]); err == nil || db.Tip() != tip {
					t.Fatalf("%s of chunk %d is a folder: %v, tip is %v", kind, chunk, err, db.Tip())
				}
				if err := db.Sync(); err != nil {
					t.Error(err)
				}
				if n := count(t, db, ledger.Origin); n != at {
					t.Errorf("%d blocks, want %d", n, at)
				}
			}
			if err := os.Remove(inTheWay); err != nil {
				t.Fatal(err)
			}
			appendTo(t, db, s.blocks[at:])
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if got := folderFiles(t, dir); !maps.EqualFunc(got, s.files, bytes.Equal) {
				t.Errorf("%s of chunk %d: %d files, or their content, are not those of a folder without an error", kind, chunk, len(got))
			}
		}
	}

	// The other block is in the chunk that was closed before.
	n := smallChunks()
	far, near := chainAt(t, n, 3, 250), chainAt(t, n, 3, 50)
	dir := t.TempDir()
	db := openAppend(t, dir, n)
	if err := db.Append(far[0]); err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(dir, "00002.secondary")
	if err := os.Mkdir(inTheWay, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := db.Append(far[1]); err == nil {
		t.Error("appended in spite of a folder")
	}
	if err := db.Append(near[1]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), os.Remove(inTheWay)); err != nil {
		t.Fatal(err)
	}
	if ro := open(t, dir, n); ro.Tip() != near[1].Header.Tip() || count(t, ro, ledger.Origin) != 2 {
		t.Errorf("tip is %v, want %v", ro.Tip(), near[1].Header.Tip())
	}
	if again := openAppend(t, dir, n); again.Tip() != near[1].Header.Tip() || again.Removed() != 0 {
		t.Errorf("tip is %v, want %v; removed %d bytes", again.Tip(), near[1].Header.Tip(), again.Removed())
	}
}
