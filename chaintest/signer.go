package chaintest

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/crypto/forge"
	"github.com/ouronet/ouronet/internal/crypto/vrf"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/praos"
)

// signer has the secrets of all pools. A generator shares it with its forks.
type signer struct {
	network  ledger.Network
	verifier *praos.Verifier // to evolve nonces, not to verify
	pools    []pool          // public keys
	secrets  []secrets

	genesis, delegate byronKey

	mu  sync.Mutex
	hot map[hotKey]*forge.KESKey // made so far
}

type secrets struct {
	cold ed25519.PrivateKey
	vrf  *forge.VRFKey
	kes  ledger.Hash // seed of the hot keys
}

// hotKey names the hot key of a pool's certificate.
type hotKey struct {
	pool    int
	counter uint64
}

// certificatePeriods is for how many KES periods a pool uses a certificate. It
// could be 62, but a chain with a new one now and then tests more.
const certificatePeriods = 5

// signed is what signing the block after a link depends on.
type signed struct {
	state praos.State

	// certificates of the pools, by index; never changed. A pool that has none
	// yet has a zero one.
	certificates []forge.Certificate
}

// issued is what a pool's keys made for one header, but for its signature.
type issued struct {
	proofs      [2]proof
	certificate forge.Certificate
	hot         *forge.KESKey
	evolution   uint64
}

type proof struct {
	output vrf.Output
	proof  [vrf.ProofSize]byte
}

// newSigner makes the pools' keys from what are the keys of an unsigned chain,
// and puts the public ones in their place.
func newSigner(n ledger.Network, pools []pool) *signer {
	v, err := praos.NewVerifier(praos.Config{Network: n})
	if err != nil {
		panic(fmt.Sprintf("chaintest: network cannot be signed for: %v", err))
	}
	s := &signer{network: n, verifier: v, pools: pools, hot: make(map[hotKey]*forge.KESKey)}
	for i, p := range pools {
		secret := secrets{ed25519.NewKeyFromSeed(p.issuer[:]), forge.NewVRFKey(p.vrf), p.hot}
		s.secrets = append(s.secrets, secret)
		pools[i] = pool{issuer: ledger.Hash(secret.cold[32:]), vrf: ledger.Hash(secret.vrf.Public())}
	}
	s.genesis = newByronKey(sum256(append(pools[0].issuer[:], "genesis"...)))
	s.delegate = newByronKey(sum256(append(pools[0].issuer[:], "delegate"...)))
	return s
}

// start returns what the first block depends on.
func (s *signer) start() *signed {
	return &signed{praos.Origin(s.network), make([]forge.Certificate, len(s.pools))}
}

// next returns what the block after h depends on.
func (g *Generator) next(h *ledger.Header) *signed {
	if g.signer == nil {
		return nil
	}
	now := g.last().signed
	if now == nil {
		now = g.signer.start()
	}
	_, state, err := g.signer.verifier.Prepare(now.state, h)
	if err != nil {
		panic(fmt.Sprintf("chaintest: made a header that is wrong: %v", err))
	}
	certificates := now.certificates
	if shelley, ok := h.Shelley(); ok {
		i := slices.IndexFunc(g.pools, func(p pool) bool { return p.issuer == ledger.Hash(shelley.Issuer) })
		if o := shelley.OCert; certificates[i].Signature == nil || certificates[i].Counter != o.Counter {
			certificates = slices.Clone(certificates)
			certificates[i] = forge.Certificate{
				HotKey: slices.Clone(o.HotKey), Counter: o.Counter, KESPeriod: o.KESPeriod, Signature: slices.Clone(o.Signature),
			}
		}
	}
	return &signed{state, certificates}
}

// lead finds the next slot, from first on, that a pool leads, and makes what it
// needs. In each slot one of the pools, at random, tries its luck as if it had
// all stake.
func (s *signer) lead(last link, first ledger.Slot, source *rand.ChaCha8) issue {
	now := last.signed
	if now == nil {
		now = s.start()
	}
	r := rand.New(source)
	f := s.network.ActiveSlots
	for slot := first; ; slot++ {
		p := r.IntN(len(s.pools))
		secret := s.secrets[p]
		nonce, _ := s.verifier.NonceAt(now.state, slot)
		i := issue{pool: s.pools[p], slot: slot, source: source, network: &s.network, keys: &issued{}}
		if s.network.EraAt(slot) < ledger.Babbage {
			if r.Uint64N(f.Den) >= f.Num {
				continue
			}
			forNonce, forLeader := praos.TPraosInputs(slot, nonce)
			i.keys.proofs[nonceProof] = prove(secret.vrf, forNonce)
			i.keys.proofs[leaderProof] = prove(secret.vrf, forLeader)
		} else {
			input := praos.Input(slot, nonce)
			if !lucky(secret.vrf.Evaluate(input[:]), f) {
				continue
			}
			i.keys.proofs[leaderProof] = prove(secret.vrf, input)
		}
		s.certify(i.keys, p, slot, now.certificates[p])
		return i
	}
}

func prove(key *forge.VRFKey, input ledger.Hash) (p proof) {
	p.output, p.proof = key.Prove(input[:])
	return p
}

// lucky reports whether an output leads a slot for all stake, give or take
// 2^-64 of it: (header-validation, 8 and 9).
func lucky(output vrf.Output, f ledger.Ratio) bool {
	value := blake2b.Sum256(append([]byte("L"), output[:]...))
	return binary.BigEndian.Uint64(value[:]) < (1<<64-1)/f.Den*f.Num
}

// certify sets the certificate that pool p uses at a slot, and the key that
// signs: the last one, or a new one when that is old.
func (s *signer) certify(i *issued, p int, slot ledger.Slot, last forge.Certificate) {
	period := kesPeriod(&s.network, slot)
	i.certificate = last
	if fresh := last.Signature == nil; fresh || period-last.KESPeriod >= min(certificatePeriods, s.network.MaxKESEvolutions) {
		counter := last.Counter + 1
		if fresh {
			counter = 0
		}
		i.certificate = forge.Certify(s.secrets[p].cold, s.hotKey(p, counter).Public(), counter, period)
	}
	i.hot = s.hotKey(p, i.certificate.Counter)
	i.evolution = period - i.certificate.KESPeriod
}

func (s *signer) hotKey(p int, counter uint64) *forge.KESKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := hotKey{p, counter}
	if s.hot[name] == nil {
		seed := s.secrets[p].kes
		s.hot[name] = forge.NewKESKey(sum256(binary.BigEndian.AppendUint64(seed[:len(seed):len(seed)], counter)))
	}
	return s.hot[name]
}

// Distribution returns a distribution in which all pools have the same share of
// the stake. [Config.Signed] does not draw the pool of a slot by it, except for
// one pool that has all.
func (g *Generator) Distribution() *praos.Distribution {
	d := &praos.Distribution{Pools: make(map[praos.PoolID]praos.Pool), Overlay: ledger.Ratio{Num: 1, Den: 1}}
	for _, p := range g.pools {
		d.Pools[praos.PoolIDOf(p.issuer[:])] = praos.Pool{
			Stake:  ledger.Ratio{Num: 1, Den: uint64(len(g.pools))},
			VRFKey: sum256(p.vrf[:]),
		}
	}
	return d
}

// GenesisKeys returns the hashes of the keys for which Byron blocks are signed;
// nil if nothing is signed.
func (g *Generator) GenesisKeys() map[praos.PoolID]bool {
	if g.signer == nil {
		return nil
	}
	return map[praos.PoolID]bool{praos.ByronKeyHash(g.signer.genesis.public): true}
}

// byronKey is an Ed25519 key; the public one comes with a chain code.
type byronKey struct {
	secret ed25519.PrivateKey
	public []byte
}

func newByronKey(seed ledger.Hash) byronKey {
	secret := ed25519.NewKeyFromSeed(seed[:])
	code := sum256(seed[:])
	return byronKey{secret, append(slices.Clone(secret[32:]), code[:]...)}
}

// appendByron appends signed consensus data and extra data.
// (header-validation, 13)
func (s *signer) appendByron(b []byte, prev ledger.Hash, proof []byte, epoch, slot, number uint64, extra []byte) []byte {
	slotID := cbor.AppendUint(cbor.AppendUint(cbor.AppendArray(nil, 2), epoch), slot)
	difficulty := cbor.AppendUint(cbor.AppendArray(nil, 1), number)

	allowed := append([]byte("00"), s.delegate.public...)
	allowed = cbor.AppendUint(allowed, 0) // epoch of the certificate
	message := cbor.AppendUint([]byte{10}, uint64(s.network.Magic))
	certificate := ed25519.Sign(s.genesis.secret, cbor.AppendBytes(message, allowed))

	message = append([]byte("01"), s.genesis.public...)
	message = cbor.AppendUint(append(message, 9), uint64(s.network.Magic))
	message = cbor.AppendBytes(cbor.AppendArray(message, 5), prev[:])
	for _, part := range [][]byte{proof, slotID, difficulty, extra} {
		message = append(message, part...)
	}

	b = cbor.AppendArray(b, 4)
	b = append(b, slotID...)
	b = cbor.AppendBytes(b, s.genesis.public)
	b = append(b, difficulty...)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendUint(b, 2)
	b = cbor.AppendArray(b, 2)
	b = cbor.AppendArray(b, 4)
	b = cbor.AppendUint(b, 0)
	b = cbor.AppendBytes(b, s.genesis.public)
	b = cbor.AppendBytes(b, s.delegate.public)
	b = cbor.AppendBytes(b, certificate)
	b = cbor.AppendBytes(b, ed25519.Sign(s.delegate.secret, message))
	return append(b, extra...)
}
