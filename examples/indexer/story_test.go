package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
)

// A tx is a transaction for a block of the era that it is put in.
type tx struct {
	body    any
	invalid bool
}

type (
	list = []any
	dict = map[any]any
)

func encode(t *testing.T, v any) cbor.RawMessage {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unwrap(t *testing.T, b []byte) (parts []cbor.RawMessage) {
	t.Helper()
	if err := cbor.Unmarshal(b, &parts); err != nil {
		t.Fatal(err)
	}
	return parts
}

// with returns a block that has the header of b, and other transactions.
func with(t *testing.T, n ledger.Network, b ledger.Block, txs ...tx) ledger.Block {
	t.Helper()
	outer := unwrap(t, b.Raw)
	block := unwrap(t, outer[1])
	bodies, witnesses, whole, invalid := list{}, list{}, list{}, list{}
	for i, tx := range txs {
		bodies, witnesses = append(bodies, tx.body), append(witnesses, dict{})
		whole = append(whole, list{tx.body, dict{}, nil})
		if tx.invalid {
			invalid = append(invalid, i)
		}
	}
	switch era := b.Header.Raw.Era; {
	case era == ledger.Byron:
		payload := cbor.RawMessage{0x9f}
		for _, tx := range txs {
			payload = append(payload, encode(t, list{tx.body, list{}})...)
		}
		body := unwrap(t, block[1])
		body[0] = append(payload, 0xff)
		block[1] = encode(t, body)
	case era == ledger.Dijkstra:
		body := list{nil, whole, nil, nil}
		if len(invalid) > 0 {
			body[0] = cbor.Tag{Number: 258, Content: invalid}
		}
		block = []cbor.RawMessage{block[0], encode(t, body)}
	default:
		block = []cbor.RawMessage{block[0], encode(t, bodies), encode(t, witnesses), encode(t, dict{})}
		if era >= ledger.Alonzo {
			block = append(block, encode(t, invalid))
		}
	}
	parsed, err := n.ParseBlock(ledger.RawBlock(encode(t, list{outer[0], block})))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// id returns the id of the transaction at a place of a block.
func id(t *testing.T, b ledger.Block, i int) []byte {
	t.Helper()
	txs, err := b.Txs()
	if err != nil {
		t.Fatal(err)
	}
	return txs[i].ID.Hash[:]
}

// byronTx is a transaction of Byron with empty attributes.
func byronTx(t *testing.T, inputs list, outputs list) tx {
	ins, outs := cbor.RawMessage{0x9f}, cbor.RawMessage{0x9f}
	for _, in := range inputs {
		ins = append(ins, encode(t, list{0, cbor.Tag{Number: 24, Content: []byte(encode(t, in))}})...)
	}
	for _, out := range outputs {
		outs = append(outs, encode(t, out)...)
	}
	return tx{body: list{append(ins, 0xff), append(outs, 0xff), dict{}}}
}

func set(items ...any) cbor.Tag { return cbor.Tag{Number: 258, Content: items} }

// newDatabase makes an empty database for a network.
func newDatabase(t *testing.T, n ledger.Network, path string) *database {
	t.Helper()
	d, err := open(path, n, ledger.Origin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// rows returns what a query has, a row a line.
func rows(t *testing.T, d *database, query string) string {
	t.Helper()
	r, err := d.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	columns, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for r.Next() {
		if err := r.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if i > 0 {
				text.WriteByte(' ')
			}
			if b, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", b)
			}
			fmt.Fprint(&text, v)
		}
		text.WriteByte('\n')
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// dump returns all that is in the database but the id of the last event.
func dump(t *testing.T, d *database) string {
	t.Helper()
	var all []string
	for _, query := range []string{
		`SELECT chain, substr(cursor, instr(cursor, '@')) FROM state`,
		`SELECT * FROM blocks ORDER BY id`, `SELECT * FROM txs ORDER BY id`, `SELECT * FROM inputs ORDER BY hash, n`,
		`SELECT * FROM outputs ORDER BY tx, n`, `SELECT * FROM assets ORDER BY tx, n, policy, name`,
	} {
		all = append(all, rows(t, d, query))
	}
	return strings.Join(all, "--\n")
}

// unspent is what the tests compare of unspent outputs.
const unspent = `SELECT address, lovelace, n, (SELECT group_concat(lower(hex(policy)) || lower(hex(name)) || '=' || quantity) FROM
	(SELECT * FROM assets a WHERE a.tx = u.tx AND a.n = u.n ORDER BY policy, name)) FROM unspent u ORDER BY address`

// One block of each era spends what the one before it made, in all the forms that the
// era has. Rolled back one by one, the database is what it was each time.
func TestStory(t *testing.T) {
	network := chaintest.AllEras()
	var eras []chaintest.Stretch
	for era := ledger.Byron; era <= ledger.Dijkstra; era++ {
		eras = append(eras, chaintest.Stretch{Era: era, Blocks: 1})
	}
	eras[ledger.Byron].Blocks = 3 // a boundary block first
	blocks := chaintest.NewGenerator(chaintest.Config{Seed: 1, Network: network, Eras: eras}).Blocks(10)
	d := newDatabase(t, network, filepath.Join(t.TempDir(), "story.db"))
	before := make(map[ledger.Tip]string)
	var history []ledger.Tip
	add := func(wantFees, wantUnspent string, txs ...tx) ledger.Block {
		t.Helper()
		b := blocks[len(history)]
		if txs != nil || !b.Header.Raw.EBB {
			b = with(t, network, b, txs...)
		}
		history = append(history, b.Header.Tip())
		if err := d.apply(follow.RollForward{Block: b}); err != nil {
			t.Fatal(err)
		}
		if err := d.commit(); err != nil {
			t.Fatal(err)
		}
		before[b.Header.Tip()] = dump(t, d)
		fees := strings.Fields(rows(t, d, `SELECT coalesce(fee, 'unknown') FROM txs WHERE block = (SELECT max(id) FROM blocks) ORDER BY id`))
		if got := strings.Join(fees, " "); got != wantFees {
			t.Errorf("%v block: fees %s, want %s", b.Header.Raw.Era, got, wantFees)
		}
		if got := rows(t, d, unspent); got != wantUnspent {
			t.Errorf("%v block: unspent\n%swant\n%s", b.Header.Raw.Era, got, wantUnspent)
		}
		return b
	}
	before[ledger.Tip{}] = dump(t, d)
	byron := list{cbor.Tag{Number: 24, Content: []byte{1, 2}}, 7} // an address
	from, policy := make([]byte, 32), slices.Repeat([]byte{0xcc}, 28)

	add("", "") // the boundary block
	b := add("unknown", "82d81842010207 1000 0 <nil>\n82d81842010207 70 1 <nil>\n",
		byronTx(t, list{list{from, 5}}, list{list{byron, 1000}, list{byron, 70}}))
	b = add("30", "82d81842010207 1040 0 <nil>\n",
		byronTx(t, list{list{id(t, b, 0), 0}, list{id(t, b, 0), 1}}, list{list{byron, 1040}}))

	legacy := func(address byte, value any) list { return list{[]byte{address}, value} }
	fees := func(fee, in, out any) dict { return dict{0: in, 1: out, 2: fee} }
	b = add("40", "a1 1000 0 <nil>\n", // Shelley
		tx{body: fees(40, list{list{id(t, b, 0), 0}}, list{legacy(0xa1, 1000)})})
	b = add("10", "a2 990 0 <nil>\n", // Allegra
		tx{body: fees(10, list{list{id(t, b, 0), 0}}, list{legacy(0xa2, 990)})})
	b = add("20", "a3 900 0 cccccccccccccccccccccccccccccccccccccccccccccccccccccccc=5,cccccccccccccccccccccccccccccccccccccccccccccccccccccccc01=18446744073709551615\na4 70 1 <nil>\n", // Mary
		tx{body: fees(20, list{list{id(t, b, 0), 0}}, list{
			legacy(0xa3, list{900, dict{cbor.ByteString(policy): dict{cbor.ByteString(""): 5, cbor.ByteString("\x01"): uint64(1<<64 - 1), cbor.ByteString("\x02"): 0}}}), legacy(0xa4, 70)})})

	// Alonzo: the first fails and spends only its collateral, without a return; the
	// second has a datum's hash.
	failing := fees(20, list{list{id(t, b, 0), 0}}, list{legacy(0xff, 880)})
	failing[13] = list{list{id(t, b, 0), 1}}
	b = add("70 100", "a5 700 0 <nil>\na6 100 1 <nil>\n", tx{body: failing, invalid: true},
		tx{body: fees(100, list{list{id(t, b, 0), 0}}, list{legacy(0xa5, 700), list{[]byte{0xa6}, 100, from}})})

	// Babbage: an output is returned, and comes after the two that are not made.
	failing = fees(20, list{list{id(t, b, 1), 0}}, list{legacy(0xff, 680), legacy(0xff, 1)})
	failing[13], failing[16] = list{list{id(t, b, 1), 1}}, dict{0: []byte{0xa7}, 1: 60}
	b = add("40 100", "a7 60 2 <nil>\na8 600 0 cccccccccccccccccccccccccccccccccccccccccccccccccccccccc=1\n",
		tx{body: failing, invalid: true},
		tx{body: fees(100, list{list{id(t, b, 1), 0}}, list{
			dict{0: []byte{0xa8}, 1: list{600, dict{cbor.ByteString(policy): dict{cbor.ByteString(""): 1}}}, 2: list{0, from}}})})

	// Conway: sets have tags, and the failing one says what it pays.
	failing = fees(20, set(list{id(t, b, 1), 0}), list{})
	failing[13], failing[16], failing[17] = set(list{id(t, b, 0), 2}), legacy(0xa9, 45), 15
	b = add("15 50", "a9 45 0 <nil>\naa 550 0 <nil>\n", tx{body: failing, invalid: true},
		tx{body: fees(50, set(list{id(t, b, 1), 0}), list{dict{0: []byte{0xaa}, 1: 550}})})

	// Dijkstra: one is inside another, which pays for both.
	inner := list{dict{0: set(list{id(t, b, 0), 0}), 1: list{legacy(0xab, 40)}}, dict{}, nil}
	outer := fees(55, set(list{id(t, b, 1), 0}), list{legacy(0xac, 500)})
	outer[23] = set(inner)
	add("55 0", "ab 40 0 <nil>\nac 500 0 <nil>\n", tx{body: outer})

	for len(history) > 0 {
		history = history[:len(history)-1]
		var to ledger.Tip
		if len(history) > 0 {
			to = history[len(history)-1]
		}
		if err := d.apply(follow.RollBackward{To: to}); err != nil {
			t.Fatal(err)
		}
		if err := d.commit(); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, d); got != before[to] {
			t.Errorf("rolled back to %v:\n%swant\n%s", to, got, before[to])
		}
	}
}

// What no valid chain has is an error that names the transaction, and nothing of the
// block stays.
func TestBadTransactions(t *testing.T) {
	network := chaintest.Network()
	block := chaintest.NewGenerator(chaintest.Config{Seed: 1}).Next()
	d := func() dict { return dict{0: set(list{make([]byte, 32), 0}), 2: 1} }
	for name, outputs := range map[string]any{
		"no list":         1,
		"empty output":    list{list{}},
		"no value":        list{list{[]byte{1}}},
		"address missing": list{dict{1: 5}},
		"address a text":  list{list{"a", 5}},
		"negative":        list{list{[]byte{1}, -5}},
		"too much":        list{list{[]byte{1}, uint64(1 << 63)}}, // more than SQLite holds
		"assets a list":   list{list{[]byte{1}, list{1, list{}}}},
		"half a value":    list{list{[]byte{1}, list{1}}},
	} {
		body := d()
		body[1] = outputs
		db := newDatabase(t, network, filepath.Join(t.TempDir(), "bad.db"))
		empty := dump(t, db)
		b := with(t, network, block, tx{body: body})
		err := db.apply(follow.RollForward{Block: b})
		if err == nil || !strings.Contains(err.Error(), "transaction ") && name != "too much" {
			t.Errorf("%s: %v", name, err)
		}
		if err := db.commit(); err == nil {
			t.Errorf("%s: committed", name)
		}
		if _, err := db.Exec(`ROLLBACK`); err != nil {
			t.Error(err)
		}
		if got := dump(t, db); got != empty {
			t.Errorf("%s: left\n%s", name, got)
		}
	}
}
