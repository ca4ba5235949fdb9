package immutable_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// A folder with blocks of an era that is not known is not damaged: it is opened
// for appending no more than a newer version is needed for, and stays as it is.
func TestLaterEra(t *testing.T) {
	s := newStored(t)
	name := fmt.Sprintf("%05d", s.last)
	for _, at := range []int{s.before, len(s.blocks) - 1} {
		chunk := bytes.Clone(s.files[name+".chunk"])
		raw := s.blocks[at].Raw
		i := bytes.Index(chunk, raw)
		if i < 0 || chunk[i+1] != byte(ledger.Dijkstra.BlockTag()) {
			t.Fatalf("block %d is not in the last chunk, or of another era", at)
		}
		chunk[i+1] = byte(ledger.NumEras) + 1
		dir := t.TempDir()
		for file, b := range s.files {
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		index := resummed(chunk, s.files[name+".secondary"])
		for file, b := range map[string][]byte{name + ".chunk": chunk, name + ".secondary": index} {
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := folderFiles(t, dir)
		db, err := immutable.OpenAppend(dir, immutable.Options{Network: s.network})
		var unknown *ledger.UnknownEraError
		if !errors.As(err, &unknown) || unknown.Era != 8 || unknown.What != "block" || errors.As(err, new(*immutable.DamageError)) {
			t.Errorf("block %d: opened for appending: %v", at, err)
		}
		if err == nil {
			db.Close()
		}
		after := folderFiles(t, dir)
		for file, b := range before {
			if !bytes.Equal(after[file], b) {
				t.Errorf("block %d: %s had %d bytes, has %d", at, file, len(b), len(after[file]))
			}
		}
		// To read the folder gives the blocks up to there, and the same error.
		n, err := readAll(dir, s.network)
		if !errors.As(err, new(*ledger.UnknownEraError)) || errors.As(err, new(*immutable.DamageError)) {
			t.Errorf("block %d: after %d blocks: %v", at, n, err)
		}
	}
}

// readAll reads the headers of a folder.
func readAll(dir string, n ledger.Network) (headers int, err error) {
	db, err := immutable.Open(dir, immutable.Options{Network: n})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	for _, err := range db.HeadersAfter(ledger.Origin) {
		if err != nil {
			return headers, err
		}
		headers++
	}
	return headers, nil
}
