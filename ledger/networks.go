package ledger

import (
	"math"
	"time"
)

// Mainnet is the main network.
var Mainnet = Network{
	Name: "mainnet", Magic: 764824073,
	Start:         time.Date(2017, 9, 23, 21, 44, 51, 0, time.UTC),
	SecurityParam: 2160, ActiveSlots: Ratio{1, 20},
	Eras: [NumEras]EraParams{
		byronFrom(2160),
		shelleyFrom(4492800, 208, 432000),
		shelleyFrom(16588800, 236, 432000),
		shelleyFrom(23068800, 251, 432000),
		shelleyFrom(39916800, 290, 432000),
		shelleyFrom(72316800, 365, 432000),
		shelleyFrom(133660800, 507, 432000),
		unscheduled(432000),
	},
	Genesis: GenesisHashes{
		Byron:   mustHash("5f20df933584822601f9e3f8c024eb5eb252fe8cefb24d1317dc3d432e940ebb"),
		Shelley: mustHash("1a3be38bcbb7911969283716ad7aa550250226b76a61fc51cc9a9a35d9276d81"),
		Alonzo:  mustHash("7e94a15f55d1e82d10f09203fa1d40f8eede58fd8066542cf6566008068ed874"),
		Conway:  mustHash("15a199f895e461ec0ffc6dd4e4028af28a492ab4e806d39cb674c88f7643ef62"),
	},
	SlotsPerKESPeriod: 129600, MaxKESEvolutions: 62,
	MaxHeaderSize: 1100, MaxBodySize: 65536,
	Bootstrap: []string{
		"backbone.cardano.iog.io:3001",
		"backbone.mainnet.cardanofoundation.org:3001",
		"backbone.mainnet.emurgornd.com:3001",
	},
}

// Preprod is the test network that resembles mainnet.
var Preprod = Network{
	Name: "preprod", Magic: 1,
	Start:         time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC),
	SecurityParam: 2160, ActiveSlots: Ratio{1, 20},
	Eras: [NumEras]EraParams{
		byronFrom(2160),
		shelleyFrom(86400, 4, 432000),
		shelleyFrom(518400, 5, 432000),
		shelleyFrom(950400, 6, 432000),
		shelleyFrom(1382400, 7, 432000),
		shelleyFrom(3542400, 12, 432000),
		shelleyFrom(68774400, 163, 432000),
		unscheduled(432000),
	},
	Genesis: GenesisHashes{
		Byron:   mustHash("d4b8de7a11d929a323373cbab6c1a9bdc931beffff11db111cf9d57356ee1937"),
		Shelley: mustHash("162d29c4e1cf6b8a84f2d692e67a3ac6bc7851bc3e6e4afe64d15778bed8bd86"),
		Alonzo:  mustHash("7e94a15f55d1e82d10f09203fa1d40f8eede58fd8066542cf6566008068ed874"),
		Conway:  mustHash("0eb6adaec3fcb1fe286c1b4ae0da2a117eafc3add51e17577d36dd39eddfc3db"),
	},
	SlotsPerKESPeriod: 129600, MaxKESEvolutions: 62,
	MaxHeaderSize: 1100, MaxBodySize: 65536,
	Bootstrap: []string{"preprod-node.play.dev.cardano.org:3001"},
}

// Preview is the test network with short epochs. It has no Byron to Mary.
var Preview = Network{
	Name: "preview", Magic: 2,
	Start:         time.Date(2022, 10, 25, 0, 0, 0, 0, time.UTC),
	SecurityParam: 432, ActiveSlots: Ratio{1, 20},
	Eras: [NumEras]EraParams{
		byronFrom(432),
		shelleyFrom(0, 0, 86400),
		shelleyFrom(0, 0, 86400),
		shelleyFrom(0, 0, 86400),
		shelleyFrom(0, 0, 86400),
		shelleyFrom(259200, 3, 86400),
		shelleyFrom(55814400, 646, 86400),
		unscheduled(86400),
	},
	Genesis: GenesisHashes{
		Byron:   mustHash("83de1d7302569ad56cf9139a41e2e11346d4cb4a31c00142557b6ab3fa550761"),
		Shelley: mustHash("363498d1024f84bb39d3fa9593ce391483cb40d479b87233f868d6e57c3a400d"),
		Alonzo:  mustHash("7e94a15f55d1e82d10f09203fa1d40f8eede58fd8066542cf6566008068ed874"),
		Conway:  mustHash("9cc5084f02e27210eacba47af0872e3dba8946ad9460b6072d793e1d2f3987ef"),
	},
	SlotsPerKESPeriod: 129600, MaxKESEvolutions: 62,
	MaxHeaderSize: 1100, MaxBodySize: 65536,
	Bootstrap: []string{"preview-node.play.dev.cardano.org:3001"},
}

// NetworkByName returns the network called name: mainnet, preprod or preview.
func NetworkByName(name string) (n Network, ok bool) {
	for _, n := range []Network{Mainnet, Preprod, Preview} {
		if n.Name == name {
			return n, true
		}
	}
	return Network{}, false
}

// byronFrom returns Byron's parameters: it starts the chain, and its epochs
// last 10 k slots of 20 s. (points-headers-blocks, 8)
func byronFrom(k uint64) EraParams {
	return EraParams{EpochLength: 10 * k, SlotLength: 20 * time.Second}
}

func shelleyFrom(start Slot, epoch, epochLength uint64) EraParams {
	return EraParams{Start: start, StartEpoch: epoch, EpochLength: epochLength, SlotLength: time.Second}
}

// unscheduled are the parameters of an era whose start is not known yet.
func unscheduled(epochLength uint64) EraParams {
	return shelleyFrom(Never, math.MaxUint64, epochLength)
}

// mustHash is for the constants above.
func mustHash(s string) Hash {
	h, err := ParseHash(s)
	if err != nil {
		panic(err)
	}
	return h
}
