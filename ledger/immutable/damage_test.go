package immutable_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

const entrySize = 56

// primaryOf returns the primary file of a finished chunk with these entries.
func primaryOf(secondary []byte, chunk, slots uint64, ebb bool) []byte {
	offsets := make([]uint32, slots+2)
	for i := range len(secondary) / entrySize {
		relative := binary.BigEndian.Uint64(secondary[i*entrySize+48:]) - chunk*slots + 1
		if i == 0 && ebb {
			relative = 0
		}
		for j := min(relative+1, slots+2); j < slots+2; j++ {
			offsets[j] = uint32(i+1) * entrySize
		}
	}
	b := []byte{1}
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint32(b, o)
	}
	return b
}

// emptied returns the files of a chunk without blocks.
func (s *stored) emptied(chunk uint64) map[string][]byte {
	return map[string][]byte{s.name(chunk, "chunk"): {}, s.name(chunk, "secondary"): {}, s.name(chunk, "primary"): primaryOf(nil, chunk, 100, false)}
}

// dropped returns the files of a chunk without block i of it, all of which say
// the same.
func (s *stored) dropped(chunk uint64, i int) map[string][]byte {
	raw, entries := s.files[s.name(chunk, "chunk")], bytes.Clone(s.files[s.name(chunk, "secondary")])
	ebb := raw[1] == 0
	from, to := binary.BigEndian.Uint64(entries[i*entrySize:]), uint64(len(raw))
	if (i+1)*entrySize < len(entries) {
		to = binary.BigEndian.Uint64(entries[(i+1)*entrySize:])
	}
	entries = slices.Delete(entries, i*entrySize, (i+1)*entrySize)
	for at := i * entrySize; at < len(entries); at += entrySize {
		binary.BigEndian.PutUint64(entries[at:], binary.BigEndian.Uint64(entries[at:])-(to-from))
	}
	return map[string][]byte{
		s.name(chunk, "chunk"):     slices.Concat(raw[:from], raw[to:]),
		s.name(chunk, "secondary"): entries,
		s.name(chunk, "primary"):   primaryOf(entries, chunk, 100, ebb && i > 0),
	}
}

// of returns where the blocks of a chunk are among all.
func (s *stored) of(chunk uint64) (from, to int) {
	at := func(c uint64) int {
		return slices.IndexFunc(s.blocks, func(b ledger.Block) bool { return uint64(b.Header.Slot)/100 >= c })
	}
	if from, to = at(chunk), at(chunk+1); to < 0 {
		to = len(s.blocks)
	}
	return from, to
}

// with returns a file with other bytes somewhere.
func (s *stored) with(name string, at int, b ...byte) map[string][]byte {
	file := bytes.Clone(s.files[name])
	if at < 0 {
		at += len(file)
	}
	copy(file[at:], b)
	return map[string][]byte{name: file}
}

func merged(all ...map[string][]byte) map[string][]byte {
	m := map[string][]byte{}
	for _, files := range all {
		maps.Copy(m, files)
	}
	return m
}

// wantDamage checks that err is one damage of a file.
func wantDamage(t *testing.T, what string, err error, file string) {
	t.Helper()
	var damage *immutable.DamageError
	if !errors.As(err, &damage) || filepath.Base(damage.File) != file {
		t.Errorf("%s: %v, want damage of %s", what, err, file)
	}
}

// What names, sizes and the last two chunks tell of damage is found when the
// folder is opened, however that is, and nothing is changed then.
func TestDamageAtOpen(t *testing.T) {
	s := newStored(t)
	const m = 2 // a chunk in the middle
	if from, to := s.of(m); s.last != m+3 || to-from < 5 {
		t.Fatalf("chunk %d of %d has blocks %d to %d", m, s.last, from, to)
	}
	chunk, secondary, primary := s.name(m, "chunk"), s.name(m, "secondary"), s.name(m, "primary")
	missing := map[string][]byte{chunk: nil, secondary: nil, primary: nil}
	cut := func(name string, n int) map[string][]byte { return map[string][]byte{name: s.files[name][:n]} }
	size := func(name string) int { return len(s.files[name]) }
	before := s.last - 1
	_, end := s.of(before)
	begin, _ := s.of(before)
	for what, test := range map[string]struct {
		files map[string][]byte
		file  string
	}{
		"no chunk file":           {map[string][]byte{chunk: nil}, chunk},
		"no secondary file":       {map[string][]byte{secondary: nil}, secondary},
		"no primary file":         {map[string][]byte{primary: nil}, primary},
		"no files":                {missing, chunk},
		"two chunks missing":      {merged(missing, map[string][]byte{s.name(m+1, "chunk"): nil, s.name(m+1, "secondary"): nil, s.name(m+1, "primary"): nil}), chunk},
		"chunk and index emptied": {merged(cut(chunk, 0), cut(secondary, 0)), primary},
		"all emptied":             {merged(cut(chunk, 0), cut(secondary, 0), cut(primary, 0)), primary},
		"chunk emptied":           {cut(chunk, 0), chunk},
		"secondary emptied":       {cut(secondary, 0), secondary},
		"primary emptied":         {cut(primary, 0), primary},
		"secondary cut":           {cut(secondary, size(secondary)-1), secondary},
		"secondary too long":      {map[string][]byte{secondary: make([]byte, 102*entrySize)}, secondary},
		"primary cut":             {cut(primary, size(primary)-4), primary},
		"primary too long":        {map[string][]byte{primary: append(bytes.Clone(s.files[primary]), 0, 0, 0, 0)}, primary},
		"fewer bytes than blocks": {cut(chunk, 2), chunk},

		"first chunk emptied":                 {s.emptied(0), s.name(0, "chunk")},
		"a lower number":                      {map[string][]byte{s.name(0, "chunk"): nil, s.name(0, "secondary"): nil}, s.name(0, "chunk")},
		"last but one emptied":                {s.emptied(before), s.name(s.last, "chunk")},
		"last but one cut":                    {s.dropped(before, end-begin-1), s.name(s.last, "chunk")},
		"two emptied before the last two":     {merged(s.emptied(m), s.emptied(m+1)), s.name(m+2, "chunk")},
		"last two emptied":                    {merged(s.emptied(before), s.emptied(before-1)), s.name(s.last, "chunk")},
		"last but one of less":                {cut(s.name(before, "secondary"), size(s.name(before, "secondary"))-entrySize), s.name(before, "primary")},
		"its version":                         {s.with(s.name(before, "primary"), 0, 2), s.name(before, "primary")},
		"its offsets":                         {s.with(s.name(before, "primary"), -1, 0xff), s.name(before, "primary")},
		"its entries":                         {s.with(s.name(before, "secondary"), entrySize, 1), s.name(before, "secondary")},
		"last but one does not fit":           {s.dropped(before, 0), s.name(before, "chunk")},
		"first block not readable":            {s.with(s.name(0, "chunk"), 1, 9), s.name(0, "secondary")},
		"first chunk without its first block": {s.dropped(0, 0), ""},
		"second chunk without its first":      {s.dropped(1, 0), ""},
	} {
		dir := s.write(t, test.files)
		before := folderFiles(t, dir)
		db, err := immutable.Open(dir, immutable.Options{Network: s.network})
		if test.file == "" { // nothing that is looked at
			if err != nil {
				t.Errorf("%s: %v", what, err)
			} else if db.First() != s.blocks[0].Header.Point() && db.First() != s.blocks[1].Header.Point() {
				t.Errorf("%s: starts at %v", what, db.First())
			}
			continue
		}
		wantDamage(t, what+", read-only", err, test.file)
		_, err = immutable.OpenAppend(dir, immutable.Options{Network: s.network})
		wantDamage(t, what+", for appending", err, test.file)
		if !maps.EqualFunc(before, folderFiles(t, dir), bytes.Equal) {
			t.Errorf("%s: files have changed", what)
		}
	}
}

// Damage that only reading can find ends what is read, before a block is left
// out.
func TestDamageAtFirstUse(t *testing.T) {
	s := newStored(t)
	const m = 2
	from, to := s.of(m)
	chunk, secondary, primary := s.name(m, "chunk"), s.name(m, "secondary"), s.name(m, "primary")
	other := chaintest.NewGenerator(chaintest.Config{Seed: 2, Network: s.network, BlockSize: 1500,
		Eras: []chaintest.Stretch{{Era: ledger.Byron, Blocks: 150}, {Era: ledger.Alonzo, Blocks: 20}, {Era: ledger.Conway}}})
	dir := t.TempDir()
	appendAll(t, dir, s.network, other.Blocks(230))
	foreign := folderFiles(t, dir)
	for _, name := range []string{chunk, secondary, primary} {
		if bytes.Equal(foreign[name], s.files[name]) || len(foreign[name]) == 0 {
			t.Fatalf("%s is the same on two chains", name)
		}
	}
	for what, test := range map[string]struct {
		files   map[string][]byte
		good    int // blocks
		file    string
		headers int // that can be read, if not as many
	}{
		"emptied":           {s.emptied(m), from, s.name(m+1, "chunk"), 0},
		"of another chain":  {map[string][]byte{chunk: foreign[chunk], secondary: foreign[secondary], primary: foreign[primary]}, from, chunk, 0},
		"without the first": {s.dropped(m, 0), from, chunk, 0},
		"without a block":   {s.dropped(m, 3), from + 3, chunk, 0},
		"without the last":  {s.dropped(m, to-from-1), to - 1, s.name(m+1, "chunk"), 0},

		"primary version":           {s.with(primary, 0, 0), from, primary, 0},
		"primary offset":            {s.with(primary, 1+4*50, 0xff), from, primary, 0},
		"primary says more":         {s.with(primary, -4, 0, 0, 0xff), from, primary, 0},
		"block offset":              {s.with(secondary, 3*entrySize+5, 0xff), from, secondary, 0},
		"block offset of another":   {s.with(secondary, 3*entrySize+6, s.files[secondary][3*entrySize+6]^1), from + 2, "", from + 3},
		"header offset":             {s.with(secondary, 3*entrySize+9, 4), from + 3, secondary, 0},
		"header offset far off":     {s.with(secondary, 3*entrySize+8, 0xff), from, secondary, 0},
		"header size":               {s.with(secondary, 3*entrySize+11, s.files[secondary][3*entrySize+11]+1), from + 3, secondary, 0},
		"CRC-32":                    {s.with(secondary, 3*entrySize+12, s.files[secondary][3*entrySize+12]^1), from + 3, chunk, len(s.blocks)},
		"hash":                      {s.with(secondary, 3*entrySize+16, s.files[secondary][3*entrySize+16]^1), from + 3, chunk, 0},
		"hash of the last":          {s.with(secondary, -40, s.files[secondary][len(s.files[secondary])-40]^1), to - 1, chunk, 0},
		"slot of another chunk":     {s.with(secondary, 3*entrySize+48, 1), from, secondary, 0},
		"slot of the one before":    {s.with(secondary, 3*entrySize+48, s.files[secondary][2*entrySize+48:3*entrySize]...), from, secondary, 0},
		"epoch of a boundary block": {s.with(secondary, 55, m+1), from, secondary, 0},
		"tag of a boundary block":   {s.with(chunk, 1, 1), from, chunk, 0},
		"byte of a body":            {s.with(chunk, s.end(from+2)-1, 0xff), from + 2, chunk, len(s.blocks)},
	} {
		dir := s.write(t, test.files)
		db, err := immutable.Open(dir, immutable.Options{Network: s.network})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		read := func(how string, good int, seq func(yield func(ledger.Point, error) bool)) {
			n, errs := 0, 0
			seq(func(p ledger.Point, err error) bool {
				switch {
				case err != nil:
					if errs++; test.file != "" {
						wantDamage(t, what+", "+how, err, test.file)
					} else if !errors.As(err, new(*immutable.DamageError)) {
						t.Errorf("%s, %s: %v", what, how, err)
					}
				case errs > 0 || p != s.blocks[n].Header.Point():
					t.Errorf("%s, %s: block %d is %v", what, how, n, p)
				default:
					n++
				}
				return true
			})
			if n != good || errs != 1 && good < len(s.blocks) {
				t.Errorf("%s, %s: %d blocks and %d errors, want %d", what, how, n, errs, good)
			}
		}
		points := func(blocks func(yield func(ledger.RawBlock, error) bool)) func(yield func(ledger.Point, error) bool) {
			return func(yield func(ledger.Point, error) bool) {
				for raw, err := range blocks {
					var p ledger.Point
					if err == nil {
						b := parse(t, s.network, raw)
						p = b.Header.Point()
					}
					if !yield(p, err) {
						return
					}
				}
			}
		}
		read("blocks", test.good, points(db.BlocksFrom(db.First())))
		if blocks, err := db.Range(context.Background(), s.blocks[0].Header.Point(), db.Tip().Point); err != nil {
			t.Errorf("%s: %v", what, err)
		} else {
			read("range", test.good, points(blocks))
		}
		read("headers", max(test.good, test.headers), func(yield func(ledger.Point, error) bool) {
			for h, err := range db.HeadersAfter(ledger.Origin) {
				if !yield(h.Point(), err) {
					return
				}
			}
		})
		// The block that could not be read cannot be looked up, nor is it said
		// not to be there.
		p := s.blocks[test.good].Header.Point()
		switch what {
		case "emptied", "of another chain", "without the first", "without a block", "without the last", "hash", "hash of the last":
			continue // its index entry is not there
		}
		fresh := open(t, dir, s.network)
		if _, err := fresh.Block(p); !errors.As(err, new(*immutable.DamageError)) {
			t.Errorf("%s: Block: %v", what, err)
		}
		if _, err := fresh.Header(p); !errors.As(err, new(*immutable.DamageError)) && test.headers == 0 {
			t.Errorf("%s: Header: %v", what, err)
		}
	}
}

// The error names the byte where what is wrong begins.
func TestDamageOffset(t *testing.T) {
	s := newStored(t)
	const m = 2
	from, _ := s.of(m)
	chunk, secondary, primary := s.name(m, "chunk"), s.name(m, "secondary"), s.name(m, "primary")
	i := from + 3
	start := int64(s.end(i - 1))
	last := s.name(s.last, "secondary")
	for what, test := range map[string]struct {
		files  map[string][]byte
		block  int // to look up, -1 if the folder cannot be opened
		file   string
		offset int64
	}{
		"header offset":         {s.with(secondary, 3*entrySize+9, 4), i, secondary, 3 * entrySize},
		"header size":           {s.with(secondary, 3*entrySize+11, s.files[secondary][3*entrySize+11]+1), i, secondary, 3 * entrySize},
		"CRC-32":                {s.with(secondary, 3*entrySize+12, s.files[secondary][3*entrySize+12]^1), i, chunk, start},
		"byte of a body":        {s.with(chunk, s.end(i)-1, 0xff), i, chunk, start},
		"slot":                  {s.with(secondary, 3*entrySize+48, 1), i + 1, primary, -1},
		"primary":               {s.with(primary, 0, 0), i, primary, 0},
		"chunk of another":      {s.dropped(m, 0), i, chunk, 0},
		"slot in the last":      {s.with(last, 3*entrySize+48, 1), -1, last, 3 * entrySize},
		"header of the last":    {s.with(last, 3*entrySize+10, 0xff), -1, last, 3 * entrySize},
		"entries in the middle": {s.with(last, entrySize+3, 0xff), -1, last, 0},
	} {
		db, err := immutable.Open(s.write(t, test.files), immutable.Options{Network: s.network})
		if err == nil && test.block >= 0 {
			_, err = db.Block(s.blocks[test.block].Header.Point())
		}
		var damage *immutable.DamageError
		if !errors.As(err, &damage) || filepath.Base(damage.File) != test.file || test.offset >= 0 && damage.Offset != test.offset {
			t.Errorf("%s: %v, want damage of %s at %d", what, err, test.file, test.offset)
		}
	}
}

// A chunk with one block is the last but one as well as one with many: those before
// it are not read when the folder is opened.
func TestOpenReadsNoMore(t *testing.T) {
	n := smallChunks()
	n.ActiveSlots = ledger.Ratio{Num: 1, Den: 250}
	blocks := chaintest.NewGenerator(chaintest.Config{Network: n, BlockSize: 1}).Blocks(60)
	chunk := func(i int) uint64 { return uint64(blocks[i].Header.Slot) / 100 }
	last := len(blocks) - 1
	for chunk(last-1) == chunk(last) || chunk(last-2) == chunk(last-1) {
		last--
	}
	dir := t.TempDir()
	appendAll(t, dir, n, blocks[:last+1])
	name := filepath.Join(dir, fmt.Sprintf("%05d.primary", chunk(last-2)))
	b := readFile(t, name)
	b[0]++
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := immutable.Open(dir, immutable.Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Block(blocks[last-2].Header.Point())
	wantDamage(t, "version", err, filepath.Base(name))
}

// A byte in a file far after the chain is not what a crash leaves.
func TestStrayBytes(t *testing.T) {
	s := newStored(t)
	unfinished := s.name(s.last, "primary")
	for _, kind := range []string{"chunk", "secondary"} {
		for size := range 2 {
			dir := s.write(t, map[string][]byte{s.name(99, kind): make([]byte, size)})
			db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
			if size > 0 {
				wantDamage(t, kind, err, unfinished)
			} else if err != nil {
				t.Errorf("%s file without a byte: %v", kind, err)
			}
			if err == nil {
				db.Close()
			}
		}
	}
}

// No block of a chunk is read before the chunk is known to follow the one before
// it. Whether a point is stored shows without that: missing blocks make no
// difference to it, and are found when reading on from there.
func TestLookupsCheckLinks(t *testing.T) {
	s := newStored(t)
	const m = 2
	_, to := s.of(m)
	p := s.blocks[to+1].Header.Point()
	dir := s.write(t, s.emptied(m))
	next := s.name(m+1, "chunk")
	for how, use := range map[string]func(*immutable.DB) error{
		"Block":  func(db *immutable.DB) error { _, err := db.Block(p); return err },
		"Header": func(db *immutable.DB) error { _, err := db.Header(p); return err },
		"Range": func(db *immutable.DB) error {
			blocks, err := db.Range(context.Background(), p, db.Tip().Point)
			if err != nil {
				return fmt.Errorf("before anything is read: %v", err)
			}
			for _, err = range blocks {
				break
			}
			return err
		},
		"BlocksFrom": func(db *immutable.DB) (err error) {
			for _, err = range db.BlocksFrom(p) {
				break
			}
			return err
		},
		"HeadersAfter": func(db *immutable.DB) (err error) {
			for _, err = range db.HeadersAfter(p) {
				break
			}
			return err
		},
	} {
		for _, db := range []*immutable.DB{open(t, dir, s.network), openAppend(t, dir, s.network)} {
			if ok, err := db.Contains(p); err != nil || !ok {
				t.Errorf("%s: Contains: %v, %v", how, ok, err)
			}
			if got, ok, err := db.Intersect([]ledger.Point{p}); err != nil || !ok || got != p {
				t.Errorf("%s: Intersect: %v, %v, %v", how, got, ok, err)
			}
			wantDamage(t, how, use(db), next)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Opening for reading passes over as many chunks at the end as a crash can spoil.
func TestTooManyLostChunks(t *testing.T) {
	s := newStored(t)
	no := func(n uint64) map[string][]byte {
		files := map[string][]byte{}
		for i := range n {
			files[s.name(s.last-i, "secondary")] = []byte{}
		}
		return files
	}
	for n := range uint64(5) {
		db, err := immutable.Open(s.write(t, no(n)), immutable.Options{Network: s.network})
		if n <= 2 {
			from, _ := s.of(s.last - n + 1)
			if n == 0 {
				from = len(s.blocks)
			}
			if err != nil || db.Tip() != s.blocks[from-1].Header.Tip() {
				t.Errorf("%d chunks without an index: %v", n, err)
			}
			continue
		}
		wantDamage(t, fmt.Sprintf("%d chunks without an index", n), err, s.name(s.last-2, "chunk"))
	}
}

// A regular Byron block that names the genesis is the first of no chain.
func TestFirstByronBlock(t *testing.T) {
	s := newStored(t)
	regular := s.blocks[1]
	if regular.Header.Raw.EBB || regular.Header.Raw.Era != ledger.Byron {
		t.Fatalf("block 1 is %v", regular.Header)
	}
	n := s.network
	n.Genesis.Byron = regular.Header.Prev // as if block 0 were the genesis
	db := openAppend(t, t.TempDir(), n)
	if err := db.Append(regular); !errors.Is(err, immutable.ErrDoesNotFollow) {
		t.Errorf("appended to an empty folder: %v", err)
	}
	if !db.Tip().Point.IsOrigin() {
		t.Errorf("tip is %v", db.Tip())
	}
	dir := t.TempDir()
	appendAll(t, dir, s.network, s.blocks[1:20]) // starts later, as far as this network knows
	for _, open := range []func(string, immutable.Options) (*immutable.DB, error){immutable.Open, immutable.OpenAppend} {
		if db, err := open(dir, immutable.Options{Network: s.network}); err != nil {
			t.Error(err)
		} else if err := db.Close(); err != nil {
			t.Error(err)
		}
		_, err := open(dir, immutable.Options{Network: n})
		wantDamage(t, "a first block that is regular", err, "00000.chunk")
	}
}

// Errors of the disk are neither damage nor overlooked.
func TestDiskErrors(t *testing.T) {
	s := newStored(t)
	dir := s.write(t, nil)
	if err := os.Mkdir(filepath.Join(dir, "ouronet.lock"), 0o755); err != nil {
		t.Fatal(err)
	}
	if db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network}); err == nil || errors.Is(err, immutable.ErrLocked) || db != nil {
		t.Errorf("opened without a lock: %v", err)
	}
	for _, kind := range []string{"chunk", "secondary", "primary"} {
		name := s.name(s.last-1, kind)
		dir := s.write(t, map[string][]byte{name: nil})
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := immutable.Open(dir, immutable.Options{Network: s.network}); err == nil {
			t.Errorf("%s is a folder, and the folder was opened", name)
		}
		before := folderNames(t, dir)
		if _, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network}); err == nil {
			t.Errorf("%s is a folder, and the folder was opened for appending", name)
		}
		if after := folderNames(t, dir); !slices.Equal(before, after) {
			t.Errorf("%s is a folder, and files were removed", name)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := immutable.OpenAppend(file, immutable.Options{Network: s.network}); err == nil {
		t.Error("a file was opened for appending")
	}
}

func folderNames(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "ouronet.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// Files that change, go or cannot be read after the folder was opened are
// noticed when they are used.
func TestDamageAfterOpen(t *testing.T) {
	s := newStored(t)
	const m = 2
	from, to := s.of(m)
	chunk, secondary, primary := s.name(m, "chunk"), s.name(m, "secondary"), s.name(m, "primary")
	for what, test := range map[string]struct {
		name string
		size int // what is left of the file, -1 to remove it, -2 to make it a folder
		file string
	}{
		"primary cut in an offset":   {primary, 203, primary},
		"primary cut between them":   {primary, 201, primary},
		"primary without offsets":    {primary, 1, primary},
		"primary emptied":            {primary, 0, primary},
		"primary longer":             {primary, 1 + 4*102 + 1, primary},
		"primary removed":            {primary, -1, primary},
		"primary is a folder":        {primary, -2, ""},
		"secondary without the last": {secondary, (to - from - 1) * entrySize, primary},
		"secondary emptied":          {secondary, 0, secondary},
		"secondary too long":         {secondary, 102 * entrySize, secondary},
		"secondary removed":          {secondary, -1, secondary},
		"secondary is a folder":      {secondary, -2, ""},
		"chunk cut":                  {chunk, len(s.files[chunk]) - 1, chunk},
		"chunk cut before the last":  {chunk, s.end(to - 2), secondary},
		"chunk emptied":              {chunk, 0, secondary},
		"chunk removed":              {chunk, -1, chunk},
	} {
		dir := s.write(t, nil)
		db := open(t, dir, s.network)
		path := filepath.Join(dir, test.name)
		err := os.Truncate(path, int64(test.size))
		if test.size < 0 {
			if err = os.Remove(path); err == nil && test.size == -2 {
				err = os.Mkdir(path, 0o755)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err = range db.BlocksFrom(db.First()) {
			if err != nil {
				break
			}
			n++
		}
		if n < from || n >= to {
			t.Errorf("%s: %d blocks read", what, n)
		}
		if test.file != "" {
			wantDamage(t, what, err, test.file)
		} else if err == nil || errors.As(err, new(*immutable.DamageError)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	dir := s.write(t, s.emptied(m))
	db := open(t, dir, s.network)
	if err := os.Truncate(filepath.Join(dir, primary), 201); err != nil {
		t.Fatal(err)
	}
	var err error
	for _, err = range db.HeadersFrom(db.First()) {
		if err != nil {
			break
		}
	}
	wantDamage(t, "primary file of a chunk without blocks cut", err, primary)

	// Nor is a chunk used whose predecessor is not known.
	p := s.blocks[to].Header.Point()
	for what, size := range map[string]int{"removed": -1, "a folder": -2, "without the last": (to - from - 1) * entrySize} {
		dir := s.write(t, nil)
		db := open(t, dir, s.network)
		path := filepath.Join(dir, secondary)
		err := os.Truncate(path, int64(size))
		if size < 0 {
			if err = os.Remove(path); err == nil && size == -2 {
				err = os.Mkdir(path, 0o755)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if h, err := db.Header(p); err == nil {
			t.Errorf("the secondary file before is %s: %v", what, h.Point())
		}
	}
}
