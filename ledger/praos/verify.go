package praos

import (
	"math"

	"github.com/ouronet/ouronet/internal/crypto/vrf"
	"github.com/ouronet/ouronet/ledger"
)

// Job has the checks of a header that are left after [Verifier.Prepare].
type Job struct {
	v      *Verifier
	header *ledger.Header
	checks Checks

	// From Shelley on.
	shelley   ledger.ShelleyHeader
	issuer    *issuer
	nonce     Nonce
	epoch     uint64
	evolution uint64

	byron ledger.ByronHeader
}

// Checks returns what is checked of the header, by Prepare and Verify together.
func (j *Job) Checks() Checks { return j.checks }

// Header returns the header.
func (j *Job) Header() *ledger.Header { return j.header }

// Verify checks a header and returns the state after it and what was checked.
// The error is an [*Error].
func (v *Verifier) Verify(s State, h *ledger.Header) (State, Checks, error) {
	job, next, err := v.Prepare(s, h)
	if err != nil {
		return s, 0, err
	}
	if err := job.Verify(); err != nil {
		return s, 0, err
	}
	return next, job.Checks(), nil
}

// Prepare checks all that depends on the header before h and costs little, and
// returns a job with the rest and the state after h, which is good only if the
// job succeeds. H must not change. The error is an [*Error].
func (v *Verifier) Prepare(s State, h *ledger.Header) (*Job, State, error) {
	if h.Raw.Era == ledger.Byron {
		return v.prepareByron(s, h)
	}
	j := &Job{v: v, header: h, checks: Envelope | Certificate | KES}
	var ok bool
	if j.shelley, ok = h.Shelley(); !ok {
		return nil, s, j.malformed()
	}
	if err := v.envelope(&s, h); err != nil {
		return nil, s, err
	}
	if err := v.checkLimits(h, &j.shelley); err != nil {
		return nil, s, err
	}
	if err := j.checkPeriod(); err != nil {
		return nil, s, err
	}
	j.issuer = v.issuers.get([32]byte(j.shelley.Issuer))
	next, err := j.checkCounter(s)
	if err != nil {
		return nil, s, err
	}
	j.epoch = v.config.Network.Epoch(h.Slot)
	next = v.enterEpoch(next, h.Raw.Era, j.epoch)
	j.nonce = next.Nonces.Active
	if next.Known != NoNonces {
		j.checks |= VRF
		if !tpraos(h.Raw.Era) {
			j.checks |= Bound
		}
	}
	if next.Known == AllNonces {
		var prev Nonce
		if j.shelley.HasPrev {
			prev = NonceOf(j.shelley.Prev)
		}
		next.Nonces = next.Nonces.next(contribution(h.Raw.Era, j.shelley.NonceVRF.Output), prev,
			v.frozen(h.Raw.Era, h.Slot, j.epoch))
	}
	if v.knowsLeader(j) {
		j.checks |= Leadership
	}
	if err := j.required(); err != nil {
		return nil, s, err
	}
	next.Tip, next.EBB = h.Tip(), false
	return j, next, nil
}

// required reports what [Config.Require] asks for and cannot be checked.
func (j *Job) required() error {
	missing := j.v.config.Require &^ j.checks
	switch {
	case j.header.Raw.EBB:
		missing &= Envelope
	case j.header.Raw.Era == ledger.Byron:
		missing &= Envelope | Byron | GenesisKey
	case tpraos(j.header.Raw.Era):
		missing &^= Byron | GenesisKey | Bound
	default:
		missing &^= Byron | GenesisKey
	}
	if missing != 0 {
		return j.fail(missing, ErrUnchecked, "cannot check %v: start from a state and a configuration that know more", missing)
	}
	return nil
}

func (j *Job) malformed() error {
	return j.fail(Envelope, ErrMalformed, "not a %v header", j.header.Raw.Era)
}

// Verify makes the costly checks: signatures and proofs. It may be called on any
// goroutine, in parallel with other jobs. The error is an [*Error].
func (j *Job) Verify() error {
	if j.header.Raw.Era == ledger.Byron {
		return j.verifyByron()
	}
	if !j.issuer.certified(&j.shelley.OCert) {
		return j.fail(Certificate, ErrCertificate, "operational certificate is not signed by the cold key of %v", j.issuer.id)
	}
	if !j.issuer.signed(&j.shelley, j.evolution) {
		return j.fail(KES, ErrKESSignature, "not signed by the hot key of %v at evolution %d", j.issuer.id, j.evolution)
	}
	if j.checks&VRF != 0 {
		if err := j.verifyVRF(); err != nil {
			return err
		}
	}
	if j.checks&Bound != 0 {
		if err := j.verifyBound(); err != nil {
			return err
		}
	}
	if j.checks&Leadership != 0 {
		if err := j.verifyLeader(); err != nil {
			return err
		}
	}
	return nil
}

// checkPeriod checks that the certificate is for the slot's KES period and sets
// the evolution of the key. (header-validation, 5)
func (j *Job) checkPeriod() error {
	n := &j.v.config.Network
	now, first := uint64(j.header.Slot)/n.SlotsPerKESPeriod, j.shelley.OCert.KESPeriod
	if now < first || now-first >= n.MaxKESEvolutions {
		kind := ErrKESLate
		if now < first {
			kind = ErrKESEarly
		}
		return j.fail(KES, kind, "KES period %d, but the certificate is for %d periods from %d on", now, n.MaxKESEvolutions, first)
	}
	j.evolution = now - first
	return nil
}

// checkCounter checks the certificate's issue number and records it.
// (header-validation, 4; ouroboros-consensus, Protocol/Praos.hs,
// doValidateKESSignature)
func (j *Job) checkCounter(s State) (State, error) {
	if s.Counters == nil {
		s.Counters = CounterMap{}
	}
	got := j.shelley.OCert.Counter
	last, ok := s.Counters.Last(j.issuer.id)
	if ok || s.AllCounters {
		limit := last + 1 // wraps, so that nothing may follow the largest number
		if tpraos(j.header.Raw.Era) {
			limit = math.MaxUint64
		}
		if got < last || got > limit {
			if !ok {
				return s, j.fail(Certificate, ErrCounterHigh, "first operational certificate of %v has number %d, at most %d is allowed", j.issuer.id, got, limit)
			}
			kind := ErrCounterHigh
			if got < last {
				kind = ErrCounterLow
			}
			return s, j.fail(Certificate, kind, "operational certificate of %v has number %d, want %d to %d", j.issuer.id, got, last, limit)
		}
	}
	if !ok || got != last {
		s.Counters = s.Counters.With(j.issuer.id, got)
	}
	return s, nil
}

// verifyVRF checks the proofs and that they prove the outputs that the header
// has.
func (j *Job) verifyVRF() error {
	key := j.issuer.vrfKey(j.shelley.VRFKey)
	if key == nil {
		return j.fail(VRF, ErrVRFKey, "%x is not a VRF key", j.shelley.VRFKey)
	}
	if !tpraos(j.header.Raw.Era) {
		return j.verifyProof("leader", key, Input(j.header.Slot, j.nonce), &j.shelley.LeaderVRF)
	}
	nonce, leader := TPraosInputs(j.header.Slot, j.nonce)
	if err := j.verifyProof("nonce", key, nonce, &j.shelley.NonceVRF); err != nil {
		return err
	}
	return j.verifyProof("leader", key, leader, &j.shelley.LeaderVRF)
}

func (j *Job) verifyProof(name string, key *vrf.Key, input ledger.Hash, cert *ledger.VRFCert) error {
	output, ok := key.Verify(input[:], cert.Proof)
	if !ok {
		return j.fail(VRF, ErrVRFProof, "%s VRF proof does not hold under epoch nonce %v", name, j.nonce)
	}
	if claimed := vrf.Output(cert.Output); claimed != output {
		return j.fail(VRF, ErrVRFOutput, "%s VRF output is %x, the proof's is %x", name, claimed, output)
	}
	return nil
}
