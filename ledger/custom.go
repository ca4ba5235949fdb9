package ledger

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ouronet/ouronet/internal/genesis"
)

// customNetwork makes a network of what its genesis files say, and config.json
// unless it is nil.
func customNetwork(byron genesis.Value, shelley, config genesis.Object) (Network, error) {
	magic, err := shelley.Uint("networkMagic", math.MaxUint32)
	if err != nil {
		return Network{}, err
	}
	n := Network{Name: fmt.Sprintf("custom-%d", magic), Magic: uint32(magic)}
	byronEra, err := n.readByron(byron)
	if err != nil {
		return n, fmt.Errorf("genesis of Byron: %w", err)
	}
	shelleyEra, err := n.readShelley(shelley)
	if err != nil {
		return n, err
	}
	n.Eras[Byron] = byronEra
	return n, n.schedule(config, shelleyEra)
}

// readByron reads Byron's genesis: the start, and the length of epochs and
// slots.
func (n *Network) readByron(v genesis.Value) (p EraParams, err error) {
	var numbers [3]int64
	for i, path := range [][]string{{"startTime"}, {"protocolConsts", "k"}, {"protocolConsts", "protocolMagic"}} {
		field, err := v.Field(path...)
		if err == nil {
			numbers[i], err = field.Int()
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", path[len(path)-1], err)
		}
	}
	start, k, magic := numbers[0], numbers[1], numbers[2]
	field, err := v.Field("blockVersionData", "slotDuration")
	if err != nil {
		return p, err
	}
	ms, err := field.Natural()
	switch {
	case err != nil:
		return p, fmt.Errorf("slotDuration: %w", err)
	case ms == 0 || ms > uint64(24*time.Hour/time.Millisecond):
		return p, fmt.Errorf("slotDuration: %d ms is not above 0 and up to a day", ms)
	case k <= 0 || k > math.MaxUint32: // keeps slot numbers far from overflowing
		return p, fmt.Errorf("k: %d is out of range", k)
	case uint32(magic) != n.Magic: // a node keeps the last 32 bits, too
		return p, fmt.Errorf("protocolMagic is %d, and networkMagic of Shelley %d: take all files from the same network", magic, n.Magic)
	}
	n.Start = time.Unix(start, 0).UTC()
	return EraParams{EpochLength: 10 * uint64(k), SlotLength: time.Duration(ms) * time.Millisecond}, nil
}

// minActiveSlots is a bound of our own: with fewer blocks, one in decades, the
// length of the stability window would not fit 64 bits.
const minActiveSlots = 1e-9

// readShelley reads Shelley's genesis, and returns how time passes from Shelley
// on.
func (n *Network) readShelley(o genesis.Object) (p EraParams, err error) {
	params, err := o.Object("protocolParams")
	if err != nil {
		return p, err
	}
	var header, body uint64
	for _, f := range []struct {
		from  genesis.Object
		key   string
		limit uint64
		into  *uint64
	}{
		// 32 bits keep slot numbers far from overflowing; a node allows 64 for
		// the first four.
		{o, "securityParam", math.MaxUint32, &n.SecurityParam},
		{o, "epochLength", math.MaxUint32, &p.EpochLength},
		{o, "slotsPerKESPeriod", math.MaxUint32, &n.SlotsPerKESPeriod},
		{o, "maxKESEvolutions", math.MaxUint32, &n.MaxKESEvolutions},
		{params, "maxBlockHeaderSize", math.MaxUint16, &header},
		{params, "maxBlockBodySize", math.MaxUint32, &body},
	} {
		if *f.into, err = f.from.Uint(f.key, f.limit); err != nil {
			return p, err
		}
		if *f.into == 0 {
			return p, fmt.Errorf("%s is 0", f.key)
		}
	}
	n.MaxHeaderSize, n.MaxBodySize = uint32(header), uint32(body)
	const coeff = "activeSlotsCoeff"
	if n.ActiveSlots.Num, n.ActiveSlots.Den, err = o.Share(coeff); err != nil {
		return p, err
	}
	if f := n.ActiveSlots; float64(f.Num)/float64(f.Den) < minActiveSlots {
		return p, fmt.Errorf("%s is below %g", coeff, minActiveSlots)
	}
	p.SlotLength, err = o.Seconds("slotLength")
	return p, err
}

// maxHardForkEpoch is far beyond what any network reaches: an epoch after it
// says that an era shall not come.
const maxHardForkEpoch = 1 << 20

// schedule sets when each era after Byron starts.
func (n *Network) schedule(config genesis.Object, shelley EraParams) error {
	last := n.Eras[Byron]
	experimental, err := experimentalEras(config)
	if err != nil {
		return err
	}
	for era := Shelley; era.Known(); era++ {
		p, key := shelley, fmt.Sprintf("Test%vHardForkAtEpoch", era)
		switch {
		case config == nil && era < Dijkstra:
		case config.Has(key) && (era < Dijkstra || experimental):
			at, err := config.Uint(key, math.MaxUint64)
			if err != nil {
				return fmt.Errorf("config.json: %w", err)
			}
			if at < last.StartEpoch {
				return fmt.Errorf("config.json: %s %d is before the era that precedes it", key, at)
			}
			at = min(at, maxHardForkEpoch)
			p.StartEpoch = at
			p.Start = last.Start + Slot((at-last.StartEpoch)*last.EpochLength)
			last = p
		case era == Shelley:
			// From Shelley on, all eras count slots and epochs alike.
			return errors.New("config.json does not say when Shelley starts, which times depend on: add " + key)
		default:
			p.Start, p.StartEpoch = Never, math.MaxUint64
		}
		n.Eras[era] = p
	}
	return nil
}

// experimentalEras reports whether config.json has a node read the epoch of
// Dijkstra. (cardano-node, Configuration/POM.hs, parseHardForkProtocol)
func experimentalEras(config genesis.Object) (bool, error) {
	const key, old = "ExperimentalHardForksEnabled", "TestEnableDevelopmentHardForkEras"
	var values [2]bool
	for i, k := range []string{key, old} {
		if config.Has(k) {
			var err error
			if values[i], err = config.Bool(k); err != nil {
				return false, fmt.Errorf("config.json: %w", err)
			}
		}
	}
	if config.Has(old) && (!config.Has(key) || values[0] != values[1]) {
		return false, fmt.Errorf("config.json: %s is now called %s", old, key)
	}
	return values[0], nil
}
