package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

// customNetwork makes a network of what its genesis files say.
func customNetwork(b byronGenesis, s shelleyGenesis, c nodeConfig) (Network, error) {
	n := Network{
		Name:              fmt.Sprintf("custom-%d", s.NetworkMagic),
		Magic:             uint32(s.NetworkMagic),
		SecurityParam:     s.SecurityParam,
		SlotsPerKESPeriod: s.SlotsPerKESPeriod,
		MaxKESEvolutions:  s.MaxKESEvolutions,
		MaxHeaderSize:     s.ProtocolParams.MaxBlockHeaderSize,
		MaxBodySize:       s.ProtocolParams.MaxBlockBodySize,
	}
	switch {
	case s.NetworkMagic != b.ProtocolConsts.ProtocolMagic:
		return n, fmt.Errorf("networkMagic is %d for Shelley and %d for Byron: take all files from the same network", s.NetworkMagic, b.ProtocolConsts.ProtocolMagic)
	case s.NetworkMagic > math.MaxUint32:
		return n, fmt.Errorf("networkMagic %d does not fit 32 bits", s.NetworkMagic)
	case b.StartTime == nil:
		return n, errors.New("startTime is missing for Byron")
	}
	// An upper bound keeps slot numbers far from overflowing.
	for _, f := range []struct {
		name  string
		value uint64
	}{
		{"k of Byron", b.ProtocolConsts.K},
		{"securityParam", s.SecurityParam},
		{"epochLength", s.EpochLength},
		{"slotsPerKESPeriod", s.SlotsPerKESPeriod},
		{"maxKESEvolutions", s.MaxKESEvolutions},
		{"maxBlockHeaderSize", uint64(n.MaxHeaderSize)},
		{"maxBlockBodySize", uint64(n.MaxBodySize)},
	} {
		if f.value == 0 || f.value > math.MaxUint32 {
			return n, fmt.Errorf("%s is missing or out of range", f.name)
		}
	}
	n.Start = time.Unix(*b.StartTime, 0).UTC()
	f, err := parseRatio(s.ActiveSlotsCoeff)
	if err != nil || f.Num > f.Den {
		return n, fmt.Errorf("activeSlotsCoeff %q is not a number above 0 and up to 1", s.ActiveSlotsCoeff)
	}
	n.ActiveSlots = f
	byronSlot, err := parseDuration(b.BlockVersionData.SlotDuration, time.Millisecond)
	if err != nil {
		return n, fmt.Errorf("slotDuration of Byron: %w", err)
	}
	shelleySlot, err := parseDuration(s.SlotLength, time.Second)
	if err != nil {
		return n, fmt.Errorf("slotLength: %w", err)
	}
	n.Eras[Byron] = EraParams{EpochLength: 10 * b.ProtocolConsts.K, SlotLength: byronSlot}
	return n, n.schedule(c, EraParams{EpochLength: s.EpochLength, SlotLength: shelleySlot})
}

// maxHardForkEpoch is far beyond what any network reaches.
const maxHardForkEpoch = 1 << 20

// schedule sets when each era after Byron starts.
func (n *Network) schedule(c nodeConfig, shelley EraParams) error {
	last := n.Eras[Byron]
	for e, at := range c.hardForks() {
		if era := Era(e); era > Byron {
			p := shelley
			switch {
			case c.missing && era < Dijkstra:
			case at == nil && era == Shelley:
				return errors.New("config.json does not say when Shelley starts: add TestShelleyHardForkAtEpoch")
			case at == nil:
				p.Start, p.StartEpoch = Never, math.MaxUint64
			case *at < last.StartEpoch || *at > maxHardForkEpoch:
				return fmt.Errorf("config.json: Test%vHardForkAtEpoch %d is before the era that precedes it, or too late", era, *at)
			default:
				p.StartEpoch = *at
				p.Start = last.Start + Slot((*at-last.StartEpoch)*last.EpochLength)
				last = p
			}
			n.Eras[era] = p
		}
	}
	// An era that is skipped starts where the next one does.
	for e := Era(NumEras - 2); e > Shelley; e-- {
		if n.Eras[e].Start == Never {
			n.Eras[e] = n.Eras[e+1]
		}
	}
	return nil
}

// parseRatio reads a positive decimal number exactly.
func parseRatio(s json.Number) (Ratio, error) {
	// The float tells absurd exponents before big.Rat writes them out.
	if f, err := s.Float64(); err != nil || f < 1e-9 || f > 1e12 || len(s) > 32 {
		return Ratio{}, fmt.Errorf("%q is missing or out of range", s)
	}
	r, ok := new(big.Rat).SetString(string(s))
	if !ok || !r.Num().IsUint64() || !r.Denom().IsUint64() {
		return Ratio{}, fmt.Errorf("%q has too many digits", s)
	}
	return Ratio{r.Num().Uint64(), r.Denom().Uint64()}, nil
}

// parseDuration reads a whole number of nanoseconds, up to a day.
func parseDuration(s json.Number, unit time.Duration) (time.Duration, error) {
	r, err := parseRatio(s)
	if err != nil {
		return 0, err
	}
	ns := new(big.Rat).SetFrac(new(big.Int).SetUint64(r.Num), new(big.Int).SetUint64(r.Den))
	ns.Mul(ns, new(big.Rat).SetInt64(int64(unit)))
	if !ns.IsInt() || ns.Cmp(new(big.Rat).SetInt64(int64(24*time.Hour))) > 0 {
		return 0, fmt.Errorf("%q is not a whole number of nanoseconds up to a day", s)
	}
	return time.Duration(ns.Num().Int64()), nil
}
