package praos

import (
	"encoding/hex"

	"github.com/ouronet/ouronet/ledger"
)

// The keys that the Byron genesis files of the networks that began in Byron
// name (bootStakeholders).
var (
	mainnetGenesisKeys = []string{
		"1deb82908402c7ee3efeb16f369d97fba316ee621d09b32b8969e54b",
		"43011479a595b300e0726910d0b602ffcdd20466a3b8ceeacd3fbc26",
		"5071d8802ddd05c59f4db907bd1749e82e6242caf6512b20a8368fcf",
		"5411c7bf87c252609831a337a713e4859668cba7bba70a9c3ef7c398",
		"65904a89e6d0e5f881513d1736945e051b76f095eca138ee869d543d",
		"6c9e14978b9d6629b8703f4f25e9df6ed4814b930b8403b0d45350ea",
		"af2800c124e599d6dec188a75f8bfde397ebb778163a18240371f2d1",
	}
	preprodGenesisKeys = []string{
		"05d1c10e4bf3cdd4de54712531c53be75a1609b25f396ffbbe5becf1",
		"3bf1193b19be416283b8c0516d2f8b80939ffccb1c9b05946f54c83a",
		"7bdd769bd872e8e6336c23f1e566c19a96e72137174b891fad9f4b99",
		"9ddc1e29c59df0ddd9347fe8b8a736d247f286414684eddc02885348",
		"a118c0d2737c8a77c0d982a0d299bc42614cea4e0c23614ba24a05ca",
		"b0b2df3c9cf4dfe2ae04409913b3c3125509acbbfa0722449570aaeb",
		"e0a65f21229e44c2bf6eec5b14e2775003b674ae53de18d22814346a",
	}
)

// knownGenesisKeys returns the genesis keys of a public network, nil if it is
// none that began in Byron.
func knownGenesisKeys(n *ledger.Network) map[PoolID]bool {
	switch n.Genesis.Byron {
	case ledger.Mainnet.Genesis.Byron:
		return poolIDs(mainnetGenesisKeys)
	case ledger.Preprod.Genesis.Byron:
		return poolIDs(preprodGenesisKeys)
	}
	return nil
}

func poolIDs(hashes []string) map[PoolID]bool {
	ids := make(map[PoolID]bool)
	for _, s := range hashes {
		if id, ok := parsePoolID(s); ok {
			ids[id] = true
		}
	}
	return ids
}

func parsePoolID(s string) (p PoolID, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(p) {
		return p, false
	}
	return PoolID(b), true
}
