package praos

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/ouronet/ouronet/internal/crypto/eddsa"
	"github.com/ouronet/ouronet/internal/crypto/kes"
	"github.com/ouronet/ouronet/internal/crypto/vrf"
	"github.com/ouronet/ouronet/ledger"
)

// cache keeps what is the same in many headers of one issuer. Everything in it
// was verified and belongs to keys, not to a branch; losing it costs time only.
//
// When the entries of recent reach the limit they become the old ones, and
// the old ones are dropped, so an issuer that comes again in time stays.
type cache struct {
	limit int

	mu          sync.Mutex
	recent, old map[[32]byte]*issuer
}

func newCache(limit int) *cache {
	return &cache{limit: limit, recent: make(map[[32]byte]*issuer)}
}

// get returns the entry of a cold key.
func (c *cache) get(coldKey [32]byte) *issuer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.recent[coldKey]; i != nil {
		return i
	}
	i := c.old[coldKey]
	if i == nil {
		i = &issuer{coldKey: coldKey}
		i.id = PoolIDOf(i.coldKey[:])
	}
	if len(c.recent) >= c.limit {
		c.recent, c.old = make(map[[32]byte]*issuer, c.limit), c.recent
	}
	c.recent[coldKey] = i
	return i
}

// issuer is what is known of a cold key. Goroutines that learn the same at once
// do the work twice.
type issuer struct {
	coldKey [32]byte
	id      PoolID

	certificate atomic.Pointer[certificate]
	vrf         atomic.Pointer[vrfKey]
	leaf        atomic.Pointer[leaf]
}

// certificate is one that the cold key signed.
type certificate struct {
	signed    [48]byte
	signature [64]byte
}

// certified reports whether the cold key signed a certificate.
// (header-validation, 4)
func (i *issuer) certified(o *ledger.OCert) bool {
	var c certificate
	n := copy(c.signed[:], o.HotKey)
	binary.BigEndian.PutUint64(c.signed[n:], o.Counter)
	binary.BigEndian.PutUint64(c.signed[n+8:], o.KESPeriod)
	copy(c.signature[:], o.Signature)
	if known := i.certificate.Load(); known != nil && *known == c {
		return true
	}
	if !eddsa.Verify(i.coldKey[:], c.signed[:], c.signature[:]) {
		return false
	}
	known := c // so that c itself stays on the stack
	i.certificate.Store(&known)
	return true
}

type vrfKey struct {
	bytes [vrf.KeySize]byte
	key   *vrf.Key // nil: it is none
}

// vrfKey returns a VRF key, nil if it is none.
func (i *issuer) vrfKey(b []byte) *vrf.Key {
	if known := i.vrf.Load(); known != nil && bytes.Equal(known.bytes[:], b) {
		return known.key
	}
	known := &vrfKey{[vrf.KeySize]byte(b), vrf.NewKey(b)}
	i.vrf.Store(known)
	return known.key
}

// leaf is the key with which a hot key signs in one KES period.
type leaf struct {
	hotKey    [kes.KeySize]byte
	evolution uint64
	path      [kes.SignatureSize - eddsa.SignatureSize]byte

	// key is nil at the first signature: to make it ready costs as much as it
	// saves in one.
	key *eddsa.Key
}

// signed reports whether the hot key signed a header. (header-validation, 5)
func (i *issuer) signed(s *ledger.ShelleyHeader, evolution uint64) bool {
	hotKey, path := s.OCert.HotKey, kes.Path(s.Signature)
	signature := kes.LeafSignature(s.Signature)
	known := i.leaf.Load()
	if known != nil && known.evolution == evolution && bytes.Equal(known.hotKey[:], hotKey) && bytes.Equal(known.path[:], path) {
		if known.key == nil {
			key, _ := kes.Leaf(hotKey, evolution, s.Signature)
			again := *known
			if again.key = eddsa.NewKey(key); again.key == nil {
				return false
			}
			known = &again
			i.leaf.Store(known)
		}
		return known.key.Verify(s.Body, signature)
	}
	key, ok := kes.Leaf(hotKey, evolution, s.Signature)
	if !ok || !eddsa.Verify(key, s.Body, signature) {
		return false
	}
	fresh := &leaf{hotKey: [kes.KeySize]byte(hotKey), evolution: evolution}
	copy(fresh.path[:], path)
	i.leaf.Store(fresh)
	return true
}
