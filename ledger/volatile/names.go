package volatile

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const prefix, suffix = "blocks-", ".dat"

func (db *DB) name(number uint32) string {
	return filepath.Join(db.dir, fmt.Sprint(prefix, number, suffix))
}

// parseName returns the number of a file. Only names that [DB.name] gives have one.
func parseName(name string) (number uint32, ok bool) {
	digits, found := strings.CutPrefix(name, prefix)
	digits, ends := strings.CutSuffix(digits, suffix)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), found && ends && err == nil && strconv.FormatUint(n, 10) == digits
}

// list returns the numbers of the files in the folder, lowest first.
func (db *DB) list() ([]uint32, error) {
	entries, err := db.disk.ReadDir(db.dir)
	if err != nil {
		return nil, fmt.Errorf("volatile: %w", err)
	}
	var numbers []uint32
	for _, e := range entries {
		if n, ok := parseName(e.Name()); ok && e.Type().IsRegular() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}
