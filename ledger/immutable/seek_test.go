package immutable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
)

// randomIndex returns the index of a chunk with blocks in about half of its slots.
func randomIndex(r *rand.Rand, f folder, chunk uint64, ebb bool) *index {
	x := &index{chunk: chunk, start: ledger.Slot(chunk * f.slots), ebb: ebb}
	add := func(slot uint64) {
		e := entry{offset: uint64(x.end), headerSize: 1, slot: slot}
		binary.BigEndian.PutUint64(e.hash[:], r.Uint64())
		x.raw, x.end = e.append(x.raw), x.end+1
	}
	if ebb {
		add(chunk)
	}
	for in := range f.slots {
		if r.IntN(2) == 0 {
			add(uint64(x.start) + in)
		}
	}
	return x
}

// finishedPrimary returns the primary file of a finished chunk.
func finishedPrimary(f folder, x *index) []byte {
	file, offsets := x.primary()
	return appendOffsets(file, len(x.raw), f.slots+2-offsets)
}

func putFile(tb testing.TB, f folder, chunk uint64, kind string, b []byte) {
	tb.Helper()
	if err := os.WriteFile(f.name(chunk, kind), b, 0o644); err != nil {
		tb.Fatal(err)
	}
}

// Two small reads tell what the whole index tells; with one wrong byte in the
// primary file they tell the same, or damage.
func TestSeek(t *testing.T) {
	f := folder{dir: t.TempDir(), slots: 12, disk: disk.OS}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		chunk := r.Uint64N(4)
		x := randomIndex(r, f, chunk, round%2 == 0)
		if round%10 == 0 {
			x.raw, x.ebb = nil, false
		}
		primary := finishedPrimary(f, x)
		putFile(t, f, chunk, secondaryFile, x.raw)
		check := func(what string, damaged bool) {
			for in := range f.slots {
				p := ledger.Point{Slot: x.start + ledger.Slot(in)}
				points := []ledger.Point{p}
				for i := range x.len() {
					if q := x.point(i); q.Slot == p.Slot {
						points = append(points, q)
					}
				}
				for _, p := range points {
					want, wantOK := x.find(p)
					got, ok, err := f.seek(chunk, p)
					if err != nil && damaged {
						wantDamage(t, err, f.name(chunk, primaryFile))
					} else if err != nil || got != want || ok != wantOK {
						t.Fatalf("%s: %v is at %d, %v, %v; want %d, %v", what, p, got, ok, err, want, wantOK)
					}
				}
			}
		}
		putFile(t, f, chunk, primaryFile, primary)
		check("intact", false)
		for range 20 {
			at := 1 + r.IntN(len(primary)-1)
			wrong := append([]byte(nil), primary...)
			if wrong[at] ^= byte(1 + r.IntN(255)); r.IntN(2) == 0 && at%4 == 0 {
				wrong[at] = primary[at] + entrySize
			}
			putFile(t, f, chunk, primaryFile, wrong)
			check(fmt.Sprintf("round %d, byte %d", round, at), true)
		}
	}
}

func wantDamage(t *testing.T, err error, file string) *DamageError {
	t.Helper()
	var damage *DamageError
	if !errors.As(err, &damage) || damage.File != file {
		t.Fatalf("%v, want damage of %s", err, file)
	}
	return damage
}

// What is wrong with the offsets of a slot, or the entries there, is named.
func TestSeekDamage(t *testing.T) {
	f := folder{dir: t.TempDir(), slots: 10, disk: disk.OS}
	const chunk = 2
	entries := func(slots ...uint64) (b []byte) {
		for i, s := range slots {
			b = entry{offset: uint64(i), headerSize: 1, hash: ledger.Hash{byte(s)}, slot: s}.append(b)
		}
		return b
	}
	offsets := func(v ...int) []byte {
		b := []byte{primaryVersion}
		for _, v := range v {
			b = appendOffsets(b, v, 1)
		}
		return b
	}
	for _, test := range []struct {
		slot               ledger.Slot
		primary, secondary []byte
		at                 int64 // in the primary file, 0 for none
		want               string
	}{
		{20, offsets(0, 56, 112, 112), entries(2, 20), 0, ""},
		{20, offsets(0, 0, 0), nil, 0, ""},
		{20, offsets(0, 56), entries(2), 9, "the file ends before relative slot 1 of the chunk"},
		{20, offsets(56, 56, 56), entries(2), 1, "offset 56 of relative slot 0 is not 0"},
		{20, offsets(0, 56, 112), entries(3, 20), 1, "offset 0 of relative slot 0 is that of an entry of another slot"},
		{20, offsets(0, 56, 112), entries(2, 21), 5, "offset 56 of relative slot 1 is that of an entry of another slot"},
		{20, offsets(0, 0, 0), entries(20), 9, "offset 0 of relative slot 2 is before an entry of that slot or an earlier one"},
		{20, offsets(0, 56, 56), entries(2, 20), 9, "offset 56 of relative slot 2 is before an entry of that slot or an earlier one"},
		{20, offsets(0, 56, 112), entries(2), 9, "offset 112 of relative slot 2 is beyond the end of the secondary file"},
		{20, offsets(0, 112, 112), entries(2, 20), 5, "offset 112 of relative slot 1 is not that of the slot before it, or of one entry more"},
		{20, offsets(0, 0, 112), entries(2, 20), 9, "offset 112 of relative slot 2 is not that of the slot before it, or of one entry more"},
		{21, offsets(0, 0, 56, 112), entries(20, 21), 0, ""},
		{21, offsets(0, 0, 56, 56), entries(20, 22), 0, ""},
		{21, offsets(0, 0, 57, 113), entries(20, 21, 22), 9, "offset 57 of relative slot 2 is inside an entry"},
		{21, offsets(0, 0, 56, 57), entries(20, 21, 22), 13, "offset 57 of relative slot 3 is not that of the slot before it, or of one entry more"},
		{21, offsets(0, 0, 56, 0), entries(20, 21), 13, "offset 0 of relative slot 3 is not that of the slot before it, or of one entry more"},
		{21, offsets(0, 0, 56, 112), entries(21, 21), 9, "offset 56 of relative slot 2 is after an entry of that slot or a later one"},
		{21, offsets(0, 0, 56, 56), entries(20, 21), 13, "offset 56 of relative slot 3 is before an entry of that slot or an earlier one"},
		{21, offsets(0, 0, 112, 112), entries(20), 13, "offset 112 of relative slot 3 is beyond the end of the secondary file"},
		{21, offsets(0, 0, 56, 112)[:15], entries(20, 21), 15, "the file ends before relative slot 3 of the chunk"},
		{21, offsets(0, 0, 56), entries(20, 21), 13, "the file ends before relative slot 3 of the chunk"},
	} {
		putFile(t, f, chunk, primaryFile, test.primary)
		putFile(t, f, chunk, secondaryFile, test.secondary)
		i, ok, err := f.seek(chunk, ledger.Point{Slot: test.slot, Hash: ledger.Hash{byte(test.slot)}})
		if test.at == 0 {
			x := &index{chunk: chunk, start: 20, ebb: test.slot == 20, raw: test.secondary}
			want, wantOK := x.find(ledger.Point{Slot: test.slot, Hash: ledger.Hash{byte(test.slot)}})
			if err != nil || i != want || ok != wantOK {
				t.Errorf("slot %d is at %d, %v, %v; want %d, %v", test.slot, i, ok, err, want, wantOK)
			}
			continue
		}
		if damage := wantDamage(t, err, f.name(chunk, primaryFile)); damage.Offset != test.at || damage.Reason != test.want {
			t.Errorf("%v, want byte %d, %q", err, test.at, test.want)
		}
	}
	p := ledger.Point{Slot: 21}
	for _, kind := range []string{secondaryFile, primaryFile} {
		if err := os.Remove(f.name(chunk, kind)); err != nil {
			t.Fatal(err)
		}
		putFile(t, f, chunk, primaryFile, offsets(0, 0, 56, 112))
		if kind == primaryFile {
			os.Remove(f.name(chunk, kind))
		}
		_, _, err := f.seek(chunk, p)
		wantDamage(t, err, f.name(chunk, kind))
		if err := os.Mkdir(f.name(chunk, kind), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.seek(chunk, p); err == nil || errors.As(err, new(*DamageError)) {
			t.Errorf("%s is a folder: %v", kind, err)
		}
	}
}

// byronSize makes a folder of full Byron chunks of mainnet, in which nothing is
// written but what lookups of the points that it returns read.
func byronSize(tb testing.TB) (*DB, []ledger.Point) {
	tb.Helper()
	const chunks, each = 208, 5
	tb.Chdir(tb.TempDir())
	f, err := newFolder(".", ledger.Mainnet, nil) // the same length everywhere
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	var points []ledger.Point
	for chunk := range uint64(chunks) {
		open := func(kind string, size int64) *os.File {
			file, err := os.Create(f.name(chunk, kind))
			if err == nil {
				err = file.Truncate(size)
			}
			if err != nil {
				tb.Fatal(err)
			}
			return file
		}
		primary, secondary := open(primaryFile, primaryOffset(f.slots+2)), open(secondaryFile, int64(f.slots+1)*entrySize)
		for range each {
			// A boundary block and a block in each slot: that of slot in has place in + 1.
			in := 2 + r.Uint64N(f.slots-4)
			var entries, offsets []byte
			for at := in - 1; at <= in+1; at++ {
				e := entry{slot: chunk*f.slots + at}
				binary.BigEndian.PutUint64(e.hash[:], e.slot)
				entries = e.append(entries)
				offsets = appendOffsets(offsets, int(at+1)*entrySize, 1)
			}
			_, err := secondary.WriteAt(entries, int64(in)*entrySize)
			if err == nil {
				_, err = primary.WriteAt(offsets, primaryOffset(in))
			}
			if err != nil {
				tb.Fatal(err)
			}
			p := ledger.Point{Slot: ledger.Slot(chunk*f.slots + in)}
			binary.BigEndian.PutUint64(p.Hash[:], uint64(p.Slot))
			points = append(points, p)
		}
		if err := errors.Join(primary.Close(), secondary.Close()); err != nil {
			tb.Fatal(err)
		}
	}
	db := &DB{folder: f, network: ledger.Mainnet}
	db.state.Store(&state{head: &index{chunk: chunks, start: ledger.Slot(chunks * f.slots)}})
	r.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return db, points[:1000]
}

// A peer can ask for a thousand points in any chunks. It costs little memory, none
// of which stays.
func TestIntersectMemory(t *testing.T) {
	if testenv.Race {
		t.Skip("the race detector uses memory of its own")
	}
	db, points := byronSize(t)
	last := len(points) - 1
	for i := range points[:last] {
		points[i].Hash[31]++ // not on the chain
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, ok, err := db.Intersect(points)
	runtime.ReadMemStats(&after)
	if err != nil || !ok || p != points[last] {
		t.Fatalf("%v, %v, %v, want %v", p, ok, err, points[last])
	}
	t.Logf("%d points: %d bytes", len(points), after.TotalAlloc-before.TotalAlloc)
	if n := after.TotalAlloc - before.TotalAlloc; n > 600_000 {
		t.Errorf("%d bytes for %d points", n, len(points))
	}
	if len(db.cache.items) > 0 {
		t.Errorf("%d indexes are kept", len(db.cache.items))
	}
}

// An operation is a thousand points.
func BenchmarkContains(b *testing.B) {
	db, points := byronSize(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range points {
			if ok, err := db.Contains(p); !ok || err != nil {
				b.Fatal(p, ok, err)
			}
		}
	}
}

// The least that tells whether a point is stored.
func BenchmarkContainsByHand(b *testing.B) {
	db, points := byronSize(b)
	read := func(p []byte, at int64, name string) {
		file, err := os.Open(name)
		if err == nil {
			_, err = file.ReadAt(p, at)
		}
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range points {
			chunk, slot := uint64(p.Slot)/21600, int64(p.Slot%21600)
			var offsets [8]byte
			read(offsets[:], 1+(slot+1)*4, filepath.Join(db.dir, fmt.Sprintf("%05d.primary", chunk)))
			var e [56]byte
			read(e[:], int64(binary.BigEndian.Uint32(offsets[:])), filepath.Join(db.dir, fmt.Sprintf("%05d.secondary", chunk)))
			if ledger.Hash(e[16:48]) != p.Hash {
				b.Fatal(p)
			}
		}
	}
}
