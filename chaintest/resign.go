package chaintest

import (
	"errors"
	"slices"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// Resign takes a header of a signed chain after a change in its signed part, and
// returns it signed again by the hot key of the certificate in it: for headers
// that only one check can refuse.
func (g *Generator) Resign(h ledger.RawHeader) (ledger.Header, error) {
	const signature = kesSize + 3 // with its head
	parsed, err := g.config.Network.ParseHeader(h)
	if err != nil {
		return parsed, err
	}
	s, ok := parsed.Shelley()
	p := slices.IndexFunc(g.pools, func(p pool) bool { return ok && p.issuer == ledger.Hash(s.Issuer) })
	if g.signer == nil || p < 0 {
		return parsed, errors.New("chaintest: the header's issuer is no pool of a signed chain")
	}
	evolution := kesPeriod(&g.config.Network, s.Slot) - s.OCert.KESPeriod
	unsigned := h.Bytes[:len(h.Bytes)-signature]
	h.Bytes = cbor.AppendBytes(slices.Clone(unsigned), g.signer.hotKey(p, s.OCert.Counter).Sign(evolution, s.Body))
	return g.config.Network.ParseHeader(h)
}
