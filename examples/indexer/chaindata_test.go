package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

// digests has, for real blocks, how many transactions there are, and the start of the
// SHA-256 of what writeTxs writes of them. They were computed from gouroboros v0.205.5,
// Consumed, Produced and Fee of each transaction, but for conway8, which it refuses.
var digests = map[string]string{
	"mainnet-blocks/genesis": "0 e3b0c44298fc1c14", "mainnet-blocks/byron1": "0 e3b0c44298fc1c14",
	"mainnet-blocks/byron2": "2 c1ba769569e084cd", "mainnet-blocks/byron4": "1 2d77c98639447422",
	"mainnet-blocks/byron6": "1 9dd1636789d6b341", "mainnet-blocks/shelley1": "4 cdcd76fbdd1ca2f3",
	"mainnet-blocks/allegra1": "3 e9215d7a909a26ea", "mainnet-blocks/mary1": "14 3506c6aa055d859d",
	"mainnet-blocks/alonzo9": "34 0f900f2ad88f6d3e", "mainnet-blocks/alonzo10": "0 e3b0c44298fc1c14",
	"mainnet-blocks/alonzo11": "10 242503a65a74350c", "mainnet-blocks/alonzo13": "20 32656ea08ffa23a6",
	"mainnet-blocks/alonzo15": "3 7151ec612826039c", "mainnet-blocks/alonzo16": "6 b3a0ae3933e727ec",
	"mainnet-blocks/alonzo21": "115 af8850334835384a", "mainnet-blocks/babbage9": "47 51ea6f3da888d644",
	"mainnet-blocks/u5c1": "6 6019a9de4db56c8a", "testnet-blocks/alonzo1": "5 1888bd21e46bf779",
	"testnet-blocks/alonzo18": "1 75dae49d19cf5169", "testnet-blocks/babbage4": "5 81c7a543313f530c",
	"testnet-blocks/babbage7": "4 aef8841760e11d80", "testnet-blocks/conway1": "1 7b3acf57eea29e6c",
	"testnet-blocks/conway2": "1 b4122d35a3263ba6", "testnet-blocks/conway3": "1 7ca917c24683e2f8",
	"testnet-blocks/conway4": "1 ae0fe545ff10b637", "testnet-blocks/conway8": "2 9f9b86a8221995e4",
	"preview-immutable": "5 cf5866d75dbf50b4", "preview-immutable-late": "4090 c138dc04fea87e76",
	"preprod-chunk-01285": "233 e99e003019a037bd",
}

// writeTxs writes what decode has of each transaction of a block, a line each, and
// returns how many there are.
func writeTxs(t *testing.T, w hash.Hash, n ledger.Network, raw []byte) int {
	t.Helper()
	block, err := n.ParseBlock(raw)
	if err != nil {
		t.Fatal(err)
	}
	txs, err := block.Txs()
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range txs {
		b, err := decode(tx)
		if err != nil {
			t.Fatalf("%v: %v", tx.ID, err)
		}
		var inputs, outputs []string
		for _, in := range b.Inputs {
			inputs = append(inputs, fmt.Sprintf("%x#%d", in.TxID, in.N))
		}
		for i, out := range b.Outputs {
			var assets []string
			for policy, names := range out.value.Assets {
				for name, quantity := range names {
					if quantity > 0 {
						assets = append(assets, fmt.Sprintf("%x.%x=%d", policy.Bytes(), name.Bytes(), quantity))
					}
				}
			}
			slices.Sort(assets)
			outputs = append(outputs, fmt.Sprintf("%d:%x:%d:%s", b.first+i, out.address, out.value.Lovelace, strings.Join(assets, ",")))
		}
		slices.Sort(inputs)
		fee := "-"
		if b.Fee != nil && !tx.Invalid {
			fee = fmt.Sprint(*b.Fee)
		}
		fmt.Fprintf(w, "%x %v %s %s %s\n", tx.ID.Hash[:], !tx.Invalid, fee, strings.Join(inputs, " "), strings.Join(outputs, " "))
	}
	return len(txs)
}

// chainData returns the folder of real chains: $OURONET_CHAINDATA, else ../shared/chaindata
// beside the repository. The test is skipped when there is none.
func chainData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("OURONET_CHAINDATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "chaindata")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Skipf("no real chains at %s: set OURONET_CHAINDATA to a folder that has them", dir)
	}
	return dir
}

// folder opens one of the folders with real blocks in a row.
func folder(t *testing.T, name string, n ledger.Network) *immutable.DB {
	t.Helper()
	db, err := immutable.Open(filepath.Join(chainData(t), name), immutable.Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// What is read of real blocks of all eras up to Conway is what another implementation reads.
func TestDecodesAsGouroboros(t *testing.T) {
	got := make(map[string]string)
	for _, name := range []string{"mainnet-blocks", "testnet-blocks"} {
		paths, err := filepath.Glob(filepath.Join(chainData(t), name, "*.block"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			h := sha256.New()
			n := writeTxs(t, h, ledger.Mainnet, raw)
			got[name+"/"+strings.TrimSuffix(filepath.Base(path), ".block")] = fmt.Sprintf("%d %x", n, h.Sum(nil)[:8])
		}
	}
	for name, network := range map[string]ledger.Network{
		"preview-immutable": ledger.Preview, "preview-immutable-late": ledger.Preview, "preprod-chunk-01285": ledger.Preprod,
	} {
		db, h, n := folder(t, name, network), sha256.New(), 0
		for raw, err := range db.BlocksFrom(db.First()) {
			if err != nil {
				t.Fatal(err)
			}
			n += writeTxs(t, h, network, raw)
		}
		got[name] = fmt.Sprintf("%d %x", n, h.Sum(nil)[:8])
	}
	for name, want := range digests {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if len(got) != len(digests) {
		t.Errorf("%d of %d blocks and folders are compared", len(digests), len(got))
	}
}

// serve serves a folder and returns its address.
func serve(t *testing.T, db *immutable.DB, n ledger.Network) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- node.Serve(ctx, l, node.Config{Network: n, Sources: &node.Sources{
			ChainSync:  func(context.Context, *node.Conn) chainsync.Source { return chainsync.NewSource(db, nil) },
			BlockFetch: db,
		}})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// All of an epoch of preview is followed. What each transaction spends and mints is what
// it makes and pays, in lovelace and each asset, as far as its inputs are of the epoch.
func TestRealChain(t *testing.T) {
	chain := folder(t, "preview-immutable-late", ledger.Preview)
	start := chain.First()
	cfg := follow.Config{Config: node.Config{Network: ledger.Preview}, Peers: []string{serve(t, chain, ledger.Preview)}}
	path := filepath.Join(t.TempDir(), "real.db")
	var text [2]strings.Builder
	for i := range text { // the second run changes nothing
		d, err := open(path, ledger.Preview, start)
		if err != nil {
			t.Fatal(err)
		}
		if err := index(t.Context(), d, cfg, true); err != nil {
			t.Fatal(err)
		}
		if err := d.summary(&text[i]); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			balance(t, d, chain)
		}
		d.Close()
	}
	want := "4201 blocks to 1295990.acff9c292f679ca2bd321fadd20f89af16d8f36d1b74794f0e97a6fa29fed359, 4088 transactions (10 invalid), " +
		"fees 1070731657 lovelace (0 unknown), 10417 outputs, of which 1789 with 1002117043246065 lovelace are unspent\n"
	if text[0].String() != want || text[1].String() != want {
		t.Errorf("%s%swant\n%s", text[0].String(), text[1].String(), want)
	}
}

// balance compares both sides of each transaction that has all of its inputs in the
// database and no certificates.
func balance(t *testing.T, d *database, chain *immutable.DB) {
	t.Helper()
	// What each transaction spends, its fee and what it makes, by asset.
	sides := make(map[string]map[string]*big.Int)
	add := func(tx, asset, quantity string) {
		n, ok := new(big.Int).SetString(quantity, 10)
		if !ok {
			t.Fatal("no number:", quantity)
		}
		if sides[tx] == nil {
			sides[tx] = make(map[string]*big.Int)
		}
		if have := sides[tx][asset]; have != nil {
			n.Add(n, have)
		}
		sides[tx][asset] = n
	}
	const spent = `FROM inputs i JOIN txs t ON t.id = i.tx JOIN txs s ON s.hash = i.hash JOIN outputs o ON o.tx = s.id AND o.n = i.n`
	for _, query := range []string{
		`SELECT t.hash, '.', o.lovelace ` + spent,
		`SELECT t.hash, lower(hex(policy) || '.' || hex(name)), quantity ` + spent + ` JOIN assets a ON a.tx = o.tx AND a.n = o.n`,
		`SELECT hash, '.', -fee FROM txs`, `SELECT hash, '.', -lovelace FROM outputs JOIN txs ON id = tx`,
		`SELECT hash, lower(hex(policy) || '.' || hex(name)), '-' || quantity FROM assets JOIN txs ON id = tx`,
	} {
		for line := range strings.Lines(rows(t, d, query)) {
			f := strings.Fields(line)
			add(f[0], f[1], f[2])
		}
	}
	for line := range strings.Lines(rows(t, d, `SELECT DISTINCT t.hash FROM txs t JOIN inputs i ON i.tx = t.id LEFT JOIN txs s ON s.hash = i.hash WHERE s.id IS NULL`)) {
		delete(sides, strings.TrimSpace(line))
	}
	checked := 0
	for raw, err := range chain.BlocksAfter(chain.First()) {
		if err != nil {
			t.Fatal(err)
		}
		block, err := ledger.Preview.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		txs, err := block.Txs()
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range txs {
			id := fmt.Sprintf("%x", tx.ID.Hash[:])
			var b struct {
				Certificates [][]cbor.RawMessage                           `cbor:"4,keyasint"`
				Withdrawals  map[cbor.ByteString]int64                     `cbor:"5,keyasint"`
				Mint         map[cbor.ByteString]map[cbor.ByteString]int64 `cbor:"9,keyasint"`
			}
			if err := readBody(tx.Raw, &b); err != nil {
				t.Fatal(err)
			}
			switch {
			case sides[id] == nil: // it spends what was there before
				continue
			case tx.Invalid:
			case len(b.Certificates) > 0: // deposits depend on what was registered before
				continue
			default:
				for _, n := range b.Withdrawals {
					add(id, ".", fmt.Sprint(n))
				}
				for policy, names := range b.Mint {
					for name, n := range names {
						add(id, fmt.Sprintf("%x.%x", policy.Bytes(), name.Bytes()), fmt.Sprint(n))
					}
				}
			}
			for asset, n := range sides[id] {
				if n.Sign() != 0 {
					t.Errorf("transaction %s: what it spends, mints and withdraws is %v more than what it makes and pays, of %s", id, n, asset)
				}
			}
			checked++
		}
	}
	if checked != 3494 {
		t.Errorf("%d transactions could be checked, want 3494", checked)
	}
}
