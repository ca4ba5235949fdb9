package volatile

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/ouronet/ouronet/internal/disk"
)

// Cut is the end of a file that [Open] cut off, or ignored with Options.ReadOnly.
type Cut struct {
	File   string // its name
	Offset int64  // where the file ends now
	Bytes  int64  // that came after
	Reason string // why it is not a block that may be there
}

// Cuts returns what Open cut off.
func (db *DB) Cuts() []Cut { return db.cuts }

// recover reads all files, cuts off what is bad, and finds where to go on.
func (db *DB) recover() error {
	numbers, err := db.list()
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := db.scan(n); err != nil {
			return err
		}
	}
	if len(numbers) == 0 || db.readOnly {
		return nil
	}
	// Nothing is changed before all files were read.
	for _, c := range db.cuts {
		if err := db.cut(c); err != nil {
			return fmt.Errorf("volatile: %w", err)
		}
	}
	last := numbers[len(numbers)-1]
	for _, n := range numbers[:len(numbers)-1] {
		if f := db.files[n]; f.blocks == 0 {
			db.remove(f) // or else Drop does
		}
	}
	if last == math.MaxUint32 {
		return fmt.Errorf("volatile: there is no number after that of %s", db.name(last))
	}
	db.next = last + 1
	f := db.files[last]
	if f.handle, err = db.disk.OpenFile(db.name(last), os.O_RDWR, 0o644); err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	db.open++
	db.current = f
	// A process that ended before it synced the files may have left them.
	for _, f := range db.files { // any order
		f.unsynced = true
	}
	db.newName = true
	return nil
}

// scan reads a file up to the first bad block.
func (db *DB) scan(number uint32) error {
	name := db.name(number)
	handle, err := disk.Open(db.disk, name)
	if err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	defer handle.Close()
	info, err := handle.Stat()
	if err != nil {
		return fmt.Errorf("volatile: %w", err)
	}
	f := &file{number: number}
	db.files[number] = f
	s := &scanner{file: handle, end: info.Size()}
	for {
		err := db.scanBlock(s, f)
		var reason *badBlock
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			return nil
		case errors.As(err, &reason):
			db.cuts = append(db.cuts, Cut{name, f.size, s.end - f.size, reason.reason})
			return nil
		}
		return fmt.Errorf("volatile: %s at byte %d: %w", name, f.size, err)
	}
}

// scanBlock reads the next block of a file, at its end.
func (db *DB) scanBlock(s *scanner, f *file) error {
	item, err := s.next()
	if err != nil {
		return err
	}
	b, err := parse(&db.network, item)
	if err != nil {
		return err
	}
	p := b.Header.Point()
	if old, ok := db.entries[p]; ok {
		return bad("block %v is in %s%d%s already", p, prefix, old.file, suffix)
	}
	e, err := newEntry(&b)
	if err != nil {
		return &badBlock{err.Error()}
	}
	db.add(f, p, e)
	return nil
}

// cut makes a file end where its good blocks do.
func (db *DB) cut(c Cut) error {
	f, err := db.disk.OpenFile(c.File, os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(c.Offset), f.Sync(), f.Close())
}
