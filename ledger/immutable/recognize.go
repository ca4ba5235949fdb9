package immutable

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ouronet/ouronet/internal/disk"
	"github.com/ouronet/ouronet/ledger"
)

// NetworkError says that a folder is of another network than the one that was
// named. Nothing is wrong with the folder: name its network, or another folder.
type NetworkError struct {
	Dir     string
	Network string // that was named
	Reason  string
}

// Error names the folder, the network that was asked for, and why it is not that one.
func (e *NetworkError) Error() string {
	return fmt.Sprintf("immutable: %s is not of %s: %s: name its network, or another folder", e.Dir, e.Network, e.Reason)
}

// Recognize returns a [*NetworkError] if a folder shows that it is of another network
// than n: by its first block, by how it is cut into chunks, or by the marker beside it.
// It checks nothing else, and accepts any folder with chunk files, also with some of
// them missing.
func Recognize(dir string, n ledger.Network) error {
	f, err := newFolder(dir, n, nil)
	if err != nil {
		return err
	}
	r := recognizer{folder: f, network: &n}
	if err := r.marker(); err != nil {
		return err
	}
	chunks, err := f.survey()
	if err != nil {
		return err
	}
	r.measure(chunks)
	if err := r.firstBlock(chunks); err != nil || r.sure {
		return err
	}
	return r.otherChunks(chunks)
}

// recognizer tells whether a folder is of a network.
type recognizer struct {
	folder
	network *ledger.Network
}

func (r *recognizer) differs(format string, args ...any) error {
	return &NetworkError{r.dir, r.network.Name, fmt.Sprintf(format, args...)}
}

// marker compares the network with the marker, if there is one.
func (r *recognizer) marker() error {
	b, err := disk.ReadFile(r.disk, filepath.Join(filepath.Dir(filepath.Clean(r.dir)), markerFile))
	if err != nil {
		return nil
	}
	got := strings.TrimSpace(string(b))
	if r.sure = got == strconv.FormatUint(uint64(r.network.Magic), 10); !r.sure {
		return r.differs("the file %s beside it says %s, and %s has %d", markerFile, MagicName(got), r.network.Name, r.network.Magic)
	}
	return nil
}

// public are the networks that are told by their names.
var public = []*ledger.Network{&ledger.Mainnet, &ledger.Preprod, &ledger.Preview}

// MagicName adds the name to the magic of a public network.
func MagicName(magic string) string {
	for _, n := range public {
		if magic == strconv.FormatUint(uint64(n.Magic), 10) {
			return fmt.Sprintf("%s (%s)", magic, n.Name)
		}
	}
	if _, err := strconv.ParseUint(magic, 10, 32); err == nil {
		return magic
	}
	return fmt.Sprintf("%.20q", magic)
}

// previewFirst is the first block of Preview. Byron headers name their network, and
// no other public network begins with a later era.
var previewFirst = ledger.Hash{
	0x26, 0x8a, 0xe6, 0x01, 0xaf, 0x8f, 0x92, 0x14, 0x80, 0x47, 0x35, 0x91, 0x0a, 0x33, 0x01, 0x88,
	0x1f, 0xbe, 0x0e, 0xec, 0x99, 0x36, 0xdb, 0x7d, 0x1f, 0xb9, 0xfc, 0x39, 0xe9, 0x3d, 0x1e, 0x37,
}

// firstBlock compares the network with what the first block says of itself, if that
// block is as its index has it: the network's magic, or the hash of its genesis.
func (r *recognizer) firstBlock(chunks []sizes) error {
	_, h, ok := r.first(chunks)
	if !ok {
		return nil
	}
	b, byron := h.Byron()
	known := r.network.Genesis.Byron
	switch {
	case h.Hash == previewFirst && r.network.Magic != ledger.Preview.Magic:
		return r.differs("its first block is that of %s", ledger.Preview.Name)
	case !byron:
	case b.Genesis && known != (ledger.Hash{}) && b.Prev != known:
		of := b.Prev.String()
		for _, n := range public {
			if n.Genesis.Byron == b.Prev {
				of += " (" + n.Name + ")"
			}
		}
		return r.differs("its first block names the Byron genesis %s, that of %s is %v", of, r.network.Name, known)
	case !h.Raw.EBB && b.Magic != r.network.Magic:
		return r.differs("its first block has network magic %s, and %s has %d",
			MagicName(strconv.FormatUint(uint64(b.Magic), 10)), r.network.Name, r.network.Magic)
	}
	return nil
}

// measure compares the length of chunks with that of the network: it is what the
// primary file of a finished chunk has, which no other one is as long as.
func (r *recognizer) measure(chunks []sizes) {
	full := primaryOffset(r.slots + 2)
	for i, s := range chunks {
		r.sure = r.sure || i+1 < len(chunks) && s.primary == full
	}
}

// explain returns err, unless it is a damage and the first block shows that the
// folder is of another network: what looks like damage is then how that network cuts
// its chunks.
func (r *recognizer) explain(err error, chunks []sizes) error {
	if !errors.As(err, new(*DamageError)) || r.sure {
		return err
	}
	if other := r.otherChunks(chunks); other != nil {
		return other
	}
	return err
}

// otherChunks returns an error if the first block is in a chunk that it is not in on
// this network.
func (r *recognizer) otherChunks(chunks []sizes) error {
	if chunk, h, ok := r.first(chunks); ok && r.chunkOf(h.Slot) != chunk {
		return r.differs("its first block, in slot %d, is in chunk %d, which has the slots from %d on in %s", h.Slot, chunk, chunk*r.slots, r.network.Name)
	}
	return nil
}

// first reads the header of the first block; ok is false unless it is what the index
// has.
func (r *recognizer) first(chunks []sizes) (chunk uint64, h ledger.Header, ok bool) {
	i := slices.IndexFunc(chunks, func(s sizes) bool { return s.chunk > 0 })
	if i < 0 {
		return 0, h, false
	}
	x := &index{chunk: chunks[i].number, start: ledger.Slot(chunks[i].number * r.slots), end: chunks[i].chunk}
	var entries [2 * entrySize]byte
	n, err := r.readEntries(x.chunk, 0, entries[:])
	if x.raw = entries[:n/entrySize*entrySize]; err != nil || x.len() == 0 {
		return 0, h, false
	}
	file, err := r.openChunk(x.chunk)
	if err != nil {
		return 0, h, false
	}
	defer file.Close()
	x.ebb = beginsWithBoundary(file)
	h, err = r.readHeader(r.network, file, x, 0)
	return x.chunk, h, err == nil
}
