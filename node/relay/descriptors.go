package relay

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ouronet/ouronet/node"
)

// spareDescriptors are kept for all that is not a connection to a peer: the
// files of the folder, listeners, recordings, name look-ups.
const spareDescriptors = 64

// files are counts of open files.
type files struct{ needed, limit int }

// fitDescriptors lowers limits so that peers cannot use up what the process may
// open, limit being 0 if that is not known: then the folder could not be written
// any more. need is what the limits as given would take.
func fitDescriptors(l *node.Limits, peers, limit int) (need int, err error) {
	inbound := l.Inbound
	if inbound == 0 {
		inbound = node.DefaultInbound
	}
	// Two for a peer: a new connection may begin before the old one is gone.
	rest := node.HandshakePlaces + 2*peers + spareDescriptors
	need = inbound + rest
	if limit == 0 || need <= limit {
		return need, nil
	}
	if limit <= rest {
		return need, fmt.Errorf("relay: the process may open %d files, %d are needed for one inbound connection: %w", limit, rest+1, errDescriptors)
	}
	l.Inbound = limit - rest
	return need, nil
}

// tooManyFiles reports whether err says that no more files can be open for now,
// which passes.
func tooManyFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

var errDescriptors = errors.New("allow more, for example with ulimit -n")
