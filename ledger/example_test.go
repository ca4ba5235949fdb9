package ledger_test

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

// boundaryBlock is a Byron epoch boundary block: [0, [header, body, extra]].
const boundaryBlock = "820083851a034fa0315820791f4256e14c67b9035c3b80a0826adf719d3636c18eef16c98b84b833723d515820afc0da64183bf2664f3d4eec7238d524ba607faeeab24fc100eb861dba69971b8200810081a09fff81a0"

func ExampleNetwork_ParseBlock() {
	raw, _ := hex.DecodeString(boundaryBlock)
	b, err := ledger.Mainnet.ParseBlock(raw)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Header.Raw.Era, b.Header.Point())
	fmt.Println("body:", b.CheckBody())
	// Output:
	// Byron 0.88900fba40903da0b4a38d06a3d2bdadff6d49a8a6b804efe1b4522890e3b82c
	// body: <nil>
}

func ExampleNetwork_SlotTime() {
	n := ledger.Mainnet
	fmt.Println(n.SlotTime(133660800), n.EraAt(133660800), "epoch", n.Epoch(133660800))
	// Output: 2024-09-01 21:44:51 +0000 UTC Conway epoch 507
}

func ExampleNetwork_SlotAt() {
	s, ok := ledger.Preprod.SlotAt(time.Date(2022, 6, 21, 0, 0, 1, 0, time.UTC))
	fmt.Println(s, ok)
	// Output: 86401 true
}

func ExampleRawTx_ID() {
	b, _ := hex.DecodeString("8206d8184e84a300d901028001800200a0f5f6")
	tx, _, err := ledger.DecodeRawTx(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := tx.ID()
	fmt.Println(id, err)
	fmt.Println(tx.WireSize(), "bytes")
	// Output:
	// 3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b (Conway) <nil>
	// 19 bytes
}
