package interop_test

import (
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/blinklabs-io/gouroboros/kes"
	gledger "github.com/blinklabs-io/gouroboros/ledger"
	"github.com/blinklabs-io/gouroboros/vrf"

	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/ledger/praos"
)

// praosHeader is a real header with all that either side needs to check it.
type praosHeader struct {
	header  ledger.Header
	shelley ledger.ShelleyHeader
	state   praos.State
	nonce   ledger.Hash
}

// realHeaders returns headers of preview: TPraos's from its start, or Praos's
// of epoch 14.
func realHeaders(tb testing.TB, folder string, skip, n int) []praosHeader {
	tb.Helper()
	db, err := immutable.Open(filepath.Join(testenv.ChainData(tb), folder), immutable.Options{Network: ledger.Preview})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	v, err := praos.NewVerifier(praos.Config{Network: ledger.Preview})
	if err != nil {
		tb.Fatal(err)
	}
	var hs []praosHeader
	var s praos.State
	for h, err := range db.HeadersFrom(db.First()) {
		if err != nil {
			tb.Fatal(err)
		}
		if s.Known == praos.NoNonces {
			s = firstState(tb, h)
		}
		shelley, _ := h.Shelley()
		nonce, _ := v.NonceAt(s, h.Slot)
		hs = append(hs, praosHeader{h, shelley, s, nonce.Hash})
		if _, s, err = v.Prepare(s, &h); err != nil {
			tb.Fatal(err)
		}
		if len(hs) == skip+n {
			break
		}
	}
	return hs[skip:]
}

func firstState(tb testing.TB, h ledger.Header) praos.State {
	if !h.HasPrev {
		return praos.Origin(ledger.Preview)
	}
	nonce, err := ledger.ParseHash("06f65b8ce1c72ed7cffc8332c291398a39414a8483756737f1570a39d531f171")
	if err != nil {
		tb.Fatal(err)
	}
	return praos.State{
		Tip:   ledger.Tip{Point: ledger.Point{Slot: h.Slot - 1, Hash: h.Prev}, BlockNo: h.BlockNo - 1},
		Epoch: 14, Known: praos.EpochNonce, Nonces: praos.Nonces{Active: praos.NonceOf(nonce)},
	}
}

// checkTheirs makes gouroboros's checks of a header, the leader check left out:
// VRF, KES and operational certificate.
func checkTheirs(h *praosHeader, vrfTime, kesTime *time.Duration) error {
	s := &h.shelley
	start := time.Now()
	if h.header.Raw.Era >= ledger.Babbage {
		input, err := vrf.MkInputVrf(int64(s.Slot), h.nonce[:])
		if err != nil {
			return err
		}
		if ok, err := vrf.Verify(s.VRFKey, s.LeaderVRF.Proof, s.LeaderVRF.Output, input); err != nil || !ok {
			return fmt.Errorf("VRF: %v, %v", ok, err)
		}
	} else {
		for _, p := range []struct {
			cert ledger.VRFCert
			seed []byte
		}{{s.NonceVRF, vrf.SeedEta()}, {s.LeaderVRF, vrf.SeedL()}} {
			input, err := vrf.MkSeedTPraos(int64(s.Slot), h.nonce[:], p.seed)
			if err != nil {
				return err
			}
			if ok, err := vrf.Verify(s.VRFKey, p.cert.Proof, p.cert.Output, input); err != nil || !ok {
				return fmt.Errorf("VRF: %v, %v", ok, err)
			}
		}
	}
	*vrfTime = time.Since(start)
	start = time.Now()
	period := uint64(s.Slot)/ledger.Preview.SlotsPerKESPeriod - s.OCert.KESPeriod
	if !kes.VerifySignedKES(s.OCert.HotKey, period, s.Body, s.Signature) {
		return fmt.Errorf("KES")
	}
	*kesTime = time.Since(start)
	return gledger.VerifyOpCertSignature(&gledger.OpCert{
		KesVkey: s.OCert.HotKey, IssueNumber: s.OCert.Counter, KesPeriod: s.OCert.KESPeriod, ColdSignature: s.OCert.Signature,
	}, ed25519.PublicKey(s.Issuer))
}

// BenchmarkHeaderChecks checks the same real headers with both, in turns, and
// reports medians, which other work on the machine changes little. Ours is
// [praos.Verifier.Verify], which includes the place in the chain, counters and
// nonces.
func BenchmarkHeaderChecks(b *testing.B) {
	for _, set := range []struct {
		name, folder string
		skip         int
	}{{"TPraos", "preview-immutable", 1000}, {"Praos", "preview-immutable-late", 0}} {
		b.Run(set.name, func(b *testing.B) {
			hs := realHeaders(b, set.folder, set.skip, 1500)
			v, err := praos.NewVerifier(praos.Config{Network: ledger.Preview})
			if err != nil {
				b.Fatal(err)
			}
			var ours, theirs, theirVRF, theirKES []time.Duration
			i := 0
			for b.Loop() {
				h := &hs[i%len(hs)]
				i++
				start := time.Now()
				if _, _, err := v.Verify(h.state, &h.header); err != nil {
					b.Fatal(err)
				}
				middle := time.Now()
				var vrfTime, kesTime time.Duration
				if err := checkTheirs(h, &vrfTime, &kesTime); err != nil {
					b.Fatal(err)
				}
				ours, theirs = append(ours, middle.Sub(start)), append(theirs, time.Since(middle))
				theirVRF, theirKES = append(theirVRF, vrfTime), append(theirKES, kesTime)
			}
			o, t := median(ours), median(theirs)
			b.ReportMetric(float64(time.Second)/float64(o), "ours/s")
			b.ReportMetric(float64(time.Second)/float64(t), "gouroboros/s")
			b.ReportMetric(float64(t)/float64(o), "ratio")
			b.ReportMetric(float64(median(theirVRF))/1e3, "gouroboros-VRF-µs")
			b.ReportMetric(float64(median(theirKES))/1e3, "gouroboros-KES-µs")
		})
	}
}

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}
