package main

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/follow"
	_ "modernc.org/sqlite"
)

// All that comes of a block refers to it: to delete the block is to undo it. No block
// changes rows of those before: an output is unspent while no input names it.
const schema = `
CREATE TABLE IF NOT EXISTS state (chain TEXT, cursor TEXT);
CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, slot INTEGER, hash BLOB, number INTEGER, era TEXT);
CREATE TABLE IF NOT EXISTS txs (id INTEGER PRIMARY KEY, block INTEGER REFERENCES blocks ON DELETE CASCADE,
	hash BLOB UNIQUE, valid INTEGER, fee INTEGER); -- lovelace, NULL if it is not known what was spent
CREATE INDEX IF NOT EXISTS txs_by_block ON txs (block);
CREATE TABLE IF NOT EXISTS inputs (hash BLOB, n INTEGER, tx INTEGER REFERENCES txs ON DELETE CASCADE,
	PRIMARY KEY (hash, n)) WITHOUT ROWID; -- tx spends output n of the transaction with that hash
CREATE INDEX IF NOT EXISTS inputs_by_tx ON inputs (tx);
CREATE TABLE IF NOT EXISTS outputs (tx INTEGER REFERENCES txs ON DELETE CASCADE, n INTEGER, address BLOB, lovelace INTEGER,
	PRIMARY KEY (tx, n)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outputs_by_address ON outputs (address);
CREATE TABLE IF NOT EXISTS assets (tx INTEGER, n INTEGER, policy BLOB, name BLOB, quantity TEXT, -- up to 2^64-1
	PRIMARY KEY (tx, n, policy, name), FOREIGN KEY (tx, n) REFERENCES outputs ON DELETE CASCADE) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS unspent AS SELECT o.*, t.hash FROM outputs o JOIN txs t ON t.id = o.tx
	WHERE NOT EXISTS (SELECT 1 FROM inputs i WHERE i.hash = t.hash AND i.n = o.n);
INSERT INTO state SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM state)`

// database is the index. A batch of events is one transaction, with the cursor after
// the last of them: so a crash leaves what was there after some event.
type database struct {
	*sql.DB
	start         ledger.Point  // the first block comes after it
	cursor, saved follow.Cursor // with and without the batch
	pending       int           // events in the batch
	prepared      map[string]*sql.Stmt
	err           error // the first one; nothing is executed after it
}

// open opens a database, or makes one that begins after start.
func open(path string, network ledger.Network, start ledger.Point) (*database, error) {
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=foreign_keys(ON)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // BEGIN, what comes then, and COMMIT need the same one
	d := &database{DB: db, start: start, prepared: make(map[string]*sql.Stmt)}
	var chain, cursor string
	want := fmt.Sprintf("network magic %d after %v", network.Magic, start)
	if _, err := db.Exec(schema, want, d.cursor.String()); err != nil {
		return nil, err
	}
	if err := db.QueryRow(`SELECT chain, cursor FROM state`).Scan(&chain, &cursor); err != nil {
		return nil, err
	}
	if chain != want {
		return nil, fmt.Errorf("it is of %s, not of %s: give that -network and -from, or another file", chain, want)
	}
	d.cursor, err = follow.ParseCursor(cursor)
	d.saved = d.cursor
	return d, err
}

// points returns where to go on: after one of the last k blocks, as no rollback is
// deeper, or at the start if there are fewer.
func (d *database) points(k uint64) (points []ledger.Point, err error) {
	var text string
	err = d.QueryRow(`SELECT coalesce(group_concat(slot || '.' || lower(hex(hash)), ' '), '')
		FROM (SELECT * FROM blocks ORDER BY id DESC LIMIT ?)`, k).Scan(&text)
	for _, s := range strings.Fields(text) {
		p, err2 := ledger.ParsePoint(s)
		points, err = append(points, p), cmp.Or(err, err2)
	}
	if uint64(len(points)) < k {
		points = append(points, d.start)
	}
	return points, err
}

// apply adds the change of an event to the batch.
func (d *database) apply(ev follow.Event) error {
	next, err := d.cursor.After(ev) // an error if events are missing
	if err != nil || next == d.cursor {
		return err
	}
	if d.pending++; d.pending == 1 {
		var cursor string
		d.exec(`BEGIN IMMEDIATE`)
		if err := d.QueryRow(`SELECT cursor FROM state`).Scan(&cursor); err != nil || cursor != d.saved.String() {
			return cmp.Or(d.err, err, errors.New("another process writes the database"))
		}
	}
	d.cursor = next
	switch ev := ev.(type) {
	case follow.RollForward:
		d.add(&ev.Block)
	case follow.RollBackward:
		var last int64 // block that stays
		if to := ev.To.Point; to != d.start {
			d.err = d.QueryRow(`SELECT id FROM blocks WHERE hash = ? ORDER BY id DESC`, to.Hash[:]).Scan(&last)
		}
		d.exec(`DELETE FROM blocks WHERE id > ?`, last)
	}
	return d.err
}

// commit ends the batch.
func (d *database) commit() error {
	if d.pending > 0 {
		d.exec(`UPDATE state SET cursor = ?`, d.cursor.String())
		d.exec(`COMMIT`)
		d.saved, d.pending = d.cursor, 0
	}
	return d.err
}

func (d *database) add(b *ledger.Block) {
	h := &b.Header
	block := d.exec(`INSERT INTO blocks (slot, hash, number, era) VALUES (?, ?, ?, ?)`, h.Slot, h.Hash[:], h.BlockNo, h.Raw.Era.String())
	txs, err := b.Txs()
	d.err = cmp.Or(d.err, err)
	for _, tx := range txs {
		d.addTx(block, tx)
	}
}

func (d *database) addTx(block int64, tx ledger.Tx) {
	b, err := decode(tx)
	if err != nil {
		d.err = cmp.Or(d.err, fmt.Errorf("transaction %v: %w", tx.ID, err))
	}
	id := d.exec(`INSERT INTO txs (block, hash, valid, fee) VALUES (?, ?, ?, ?)`, block, tx.ID.Hash[:], !tx.Invalid, b.Fee)
	for _, in := range b.Inputs {
		d.exec(`INSERT INTO inputs (hash, n, tx) VALUES (?, ?, ?)`, in.TxID, in.N, id)
	}
	for i, out := range b.Outputs {
		n := b.first + i
		d.exec(`INSERT INTO outputs (tx, n, address, lovelace) VALUES (?, ?, ?, ?)`, id, n, out.address, out.value.Lovelace)
		for policy, names := range out.value.Assets {
			for name, quantity := range names {
				if quantity > 0 { // up to Babbage, an output may name what it has none of
					d.exec(`INSERT INTO assets VALUES (?, ?, ?, ?, ?)`, id, n, policy.Bytes(), name.Bytes(), fmt.Sprint(quantity))
				}
			}
		}
	}
	if b.Fee == nil {
		d.exec(`UPDATE txs SET fee = (SELECT CASE count(*) WHEN count(o.n) THEN sum(o.lovelace) END FROM inputs i
			LEFT JOIN txs t ON t.hash = i.hash LEFT JOIN outputs o ON o.tx = t.id AND o.n = i.n WHERE i.tx = txs.id)
			- (SELECT coalesce(sum(lovelace), 0) FROM outputs WHERE tx = txs.id) WHERE id = ?`, id)
	}
	for _, bytes := range b.Inner {
		inner := ledger.Tx{Raw: ledger.RawTx{Era: tx.Raw.Era, Bytes: bytes}}
		inner.ID, err = inner.Raw.ID()
		d.err = cmp.Or(d.err, err)
		d.addTx(block, inner)
	}
}

// exec executes a statement and returns the id of the row that it adds, if it does.
func (d *database) exec(statement string, args ...any) (id int64) {
	if d.err == nil && d.prepared[statement] == nil {
		d.prepared[statement], d.err = d.Prepare(statement)
	}
	if d.err == nil {
		var r sql.Result
		if r, d.err = d.prepared[statement].Exec(args...); d.err == nil {
			id, d.err = r.LastInsertId()
		}
	}
	return id
}

// summary writes what there is.
func (d *database) summary(w io.Writer) error {
	var blocks, txs, invalid, fees, unknown, outputs, unspent, lovelace int64
	err := d.QueryRow(`SELECT (SELECT count(*) FROM blocks), count(*), count(*) - total(valid), coalesce(sum(fee), 0), count(*) - count(fee),
		(SELECT count(*) FROM outputs), (SELECT count(*) FROM unspent), (SELECT coalesce(sum(lovelace), 0) FROM unspent) FROM txs`).
		Scan(&blocks, &txs, &invalid, &fees, &unknown, &outputs, &unspent, &lovelace)
	fmt.Fprintf(w, "%d blocks to %v, %d transactions (%d invalid), fees %d lovelace (%d unknown), %d outputs, of which %d with %d lovelace are unspent\n",
		blocks, d.saved.Point, txs, invalid, fees, unknown, outputs, unspent, lovelace)
	return err
}
