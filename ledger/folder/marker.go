package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// MarkerError says that it cannot be told of which network a folder is, and so that it
// may not be a node's folder at all. Nothing in it was changed.
type MarkerError struct {
	File   string // the marker
	Reason string // what is wrong with it
	Advice string // what the operator may do
}

// Error names the marker, and gives reason and advice.
func (e *MarkerError) Error() string {
	return fmt.Sprintf("folder: %s %s: %s", e.File, e.Reason, e.Advice)
}

// mark sees to it that the folder has the marker of the network. As in cardano-node, the
// marker is made in an empty folder only: a node removes files from its folder, which
// must not be the files of something else. Other than there, files of ours, hidden ones
// and the one that file systems have do not count, because nothing of that name is
// removed. A folder whose files are to be moved gets its marker afterwards.
// (ouroboros-consensus, Node/DbMarker.hs)
//
// It is for who has the lock: a process of another network may have marked the folder
// since mayMark.
func (o *opening) mark() error {
	missing, err := o.mayMark()
	if err != nil || !missing {
		return err
	}
	return o.writeMarker()
}

// mayMark returns an error if the folder is not one of the network. It reports whether it
// is to get its marker.
func (o *opening) mayMark() (missing bool, err error) {
	there, err := o.checkMarker()
	if there || err != nil {
		return false, err
	}
	entries, err := o.files.ReadDir(o.dir)
	if err != nil {
		return false, wrap(err)
	}
	other := ""
	for _, e := range entries {
		switch _, chunk := immutable.ChunkOf(e.Name()); {
		case chunk, e.Name() == movingName:
			return false, nil // upgrade goes on
		case e.Name() == lockName, unimportant(e.Name()), other != "":
		default:
			other = e.Name()
		}
	}
	if other != "" {
		return false, o.noMarker(other)
	}
	return true, nil
}

// make makes the folder if it is not there, so that it lasts.
func (o *opening) make() error { return disk.MakeFolder(o.files, o.dir) }

// unimportant reports whether a file may be in a folder that counts as empty.
func unimportant(name string) bool {
	return strings.HasPrefix(name, ownPrefix) || strings.HasPrefix(name, ".") || name == "lost+found" ||
		name == markerName+".new" // of a start that did not get further
}

func (o *opening) noMarker(other string) error {
	return &MarkerError{
		o.path(markerName), fmt.Sprintf("is missing, but the folder has other files (%s)", other),
		fmt.Sprintf("give another folder, an empty one for a new chain, or, if this is the folder of a node on %s, write %d into that file",
			o.network.Name, o.network.Magic),
	}
}

// checkMarker compares the network with the marker, if there is one.
func (o *opening) checkMarker() (there bool, err error) {
	name := o.path(markerName)
	b, err := disk.ReadFile(o.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	corrupt := func(reason string) error {
		return &MarkerError{name, reason, fmt.Sprintf("if this is the folder of a node on %s, write %d into that file", o.network.Name, o.network.Magic)}
	}
	if err != nil {
		return true, corrupt("cannot be read: " + err.Error())
	}
	text := strings.TrimSpace(string(b))
	magic, err := strconv.ParseUint(text, 10, 32)
	switch {
	case err != nil:
		return true, corrupt(fmt.Sprintf("says %.20q, not a network magic", text))
	case uint32(magic) != uint32(o.network.Magic):
		return true, &immutable.NetworkError{
			Dir: o.dir, Network: o.network.Name,
			Reason: fmt.Sprintf("the file %s in it says %s, and %s has %d", markerName, immutable.MagicName(text), o.network.Name, o.network.Magic),
		}
	}
	return true, nil
}

func (o *opening) writeMarker() error {
	magic := strconv.FormatUint(uint64(o.network.Magic), 10)
	return wrap(disk.Replace(o.files, o.path(markerName), []byte(magic)))
}

// isClean reports whether nothing in the folder needs to be checked: the last process
// closed it and found all in order, or there is nothing. A folder whose files were moved
// is not clean: what was done with it before is not known.
func (o *opening) isClean() (bool, error) {
	if ok, err := o.exists(cleanName); ok || err != nil {
		return ok, wrap(err)
	}
	for _, name := range []string{immutableName, volatileName} {
		entries, err := o.files.ReadDir(o.path(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, wrap(err)
		}
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !unimportant(e.Name()) }) {
			return false, nil
		}
	}
	return true, nil
}
