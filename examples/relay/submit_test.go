package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/internal/testing/testnode"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
)

// conwayTx is a transaction as wallets make it.
func conwayTx(t *testing.T) ledger.Tx {
	t.Helper()
	for gen := chaintest.NewGenerator(chaintest.Config{Seed: 3}); ; {
		txs, err := gen.Next().Txs()
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range txs {
			if len(tx.Raw.Bytes) < 4000 {
				return tx
			}
		}
	}
}

func taking(cfg node.Config, chain *chaintest.Chain) (node.Config, <-chan ledger.Tx) {
	sink := make(chan ledger.Tx, 10)
	cfg.Sources = chaintest.Peer{Chain: chain, Txs: func(tx ledger.Tx) { sink <- tx }}.Sources()
	return cfg, sink
}

func post(t *testing.T, client *http.Client, url, kind string, body io.Reader) (code int, answer string) {
	t.Helper()
	response, err := client.Post(url, kind, body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// What is posted to the endpoint arrives at the node upstream, the same bytes under
// the same id.
func TestSubmitToUpstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net testnode.Net
		network := chaintest.Network()
		cfg := node.Config{Network: network, Dial: net.Dial}
		serving, sink := taking(cfg, chaintest.New(chaintest.Config{Seed: 1, Network: network}).Grow(3))
		nodetest.Serve(t, net.Listen("upstream"), serving)
		r, err := relay.New(relay.Config{Follow: follow.Config{Config: cfg, Peers: []string{"upstream"}}, NoVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- r.Run(ctx) }()
		e := &endpoint{relay: r, told: func(ledger.TxID, int, string) {}}
		go func() { ended <- e.serve(ctx, net.Listen("submit")) }()

		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (conn, error) { return net.Dial(ctx, "submit") }}
		tx := conwayTx(t)
		synctest.Wait()
		code, got := post(t, &http.Client{Transport: transport}, "http://submit"+submitPath, "application/cbor", bytes.NewReader(tx.Raw.Bytes))
		if want := `"` + tx.ID.Hash.String() + `"`; code != http.StatusAccepted || got != want {
			t.Errorf("%d %s, want 202 %s", code, got, want)
		}
		if got := <-sink; got.ID != tx.ID || !bytes.Equal(got.Raw.Bytes, tx.Raw.Bytes) {
			t.Errorf("upstream got %v %x, want %v %x", got.ID, got.Raw.Bytes, tx.ID, tx.Raw.Bytes)
		}
		if got := r.Status().Txs; got != (relay.TxStatus{Received: 1, Passed: 1}) {
			t.Errorf("counted %+v", got)
		}
		transport.CloseIdleConnections()
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

type conn = net.Conn

// slowRelay takes nothing and keeps senders waiting.
type slowRelay struct{ err error }

func (s slowRelay) Submit(ctx context.Context, _ []byte) (ledger.TxID, error) {
	if s.err != nil {
		return ledger.TxID{}, s.err
	}
	<-ctx.Done()
	return ledger.TxID{}, context.Cause(ctx)
}

func (slowRelay) MaxTxSize() int { return 100 }

// The answers are those of cardano-submit-api: code, type and form.
func TestSubmitAnswers(t *testing.T) {
	refused := &relay.TxError{Reason: errors.New("no array")}
	read := func(reason string) string {
		return `{"tag":"TxSubmitFail","contents":{"tag":"TxCmdTxReadError","contents":["` + reason + `"]}}`
	}
	for _, test := range []struct {
		name, method, path, kind, body string
		err                            error
		code                           int
		want                           string
	}{
		{"no CBOR", "POST", submitPath, "application/cbor", "\x84", refused, 400, read("no array")},
		{"empty", "POST", submitPath, "application/cbor", "", refused, 400, read("no array: the request has no body")},
		{"JSON", "POST", submitPath, "application/cbor", ` {"cborHex": ""}`, refused, 400,
			read("no array: this is JSON; of a file of cardano-cli, send the bytes that its cborHex stands for")},
		{"hex", "POST", submitPath, "application/cbor", "84a0a0f5f6\n", refused, 400, read("no array: this is hex; send the bytes that it stands for")},
		{"too large", "POST", submitPath, "application/cbor", strings.Repeat("\x84", 101), nil, 400, read("more than 100 bytes, the most that a transaction may have")},
		{"another type", "POST", submitPath, "application/json", "{}", nil, 415, `"Content-Type is \"application/json\": send the transaction as application/cbor"`},
		{"no type", "POST", submitPath, "", "{}", nil, 415, `"Content-Type is \"\": send the transaction as application/cbor"`},
		{"type with a parameter", "POST", submitPath, "Application/CBOR; a=b", "\x84", refused, 400, read("no array")},
		{"another method", "GET", submitPath, "", "", nil, 405, `"GET is not possible: POST a transaction"`},
		{"another path", "POST", "/submit", "application/cbor", "", nil, 404, `"POST a transaction to /api/submit/tx"`},
		{"queue full", "POST", submitPath, "application/cbor", "\x84", nil, 503,
			`{"tag":"TxSubmitFail","contents":{"tag":"TxCmdTxSubmitConnectionError","contents":"no room in the queue of transactions: the nodes upstream take none, try again later"}}`},
		{"ended", "POST", submitPath, "application/cbor", "\x84", relay.ErrEnded, 503,
			`{"tag":"TxSubmitFail","contents":{"tag":"TxCmdTxSubmitConnectionError","contents":"relay: the relay has ended"}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, r := httptest.NewRecorder(), httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
				if test.kind != "" {
					r.Header.Set("Content-Type", test.kind)
				}
				(&endpoint{relay: slowRelay{test.err}}).ServeHTTP(w, r)
				if w.Code != test.code || w.Body.String() != test.want || w.Header().Get("Content-Type") != "application/json;charset=utf-8" {
					t.Errorf("%d %s %s\nwant %d %s", w.Code, w.Header(), w.Body, test.code, test.want)
				}
			})
		})
	}
}

// Clients that send slowly, or too many, hold up no other for long, and the end of
// the relay nobody.
func TestSubmitSlowClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var net testnode.Net
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		e := &endpoint{relay: slowRelay{errors.New("never")}}
		l := net.Listen("submit")
		go func() { ended <- e.serve(ctx, l) }()
		request := "POST " + submitPath + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/cbor\r\nContent-Length: 50\r\n\r\n"
		began := time.Now()
		gone := make(chan time.Duration, 3*submitConns)
		for i := range 3 * submitConns {
			go func() {
				c, err := net.Dial(ctx, "submit")
				if err != nil {
					gone <- 0
					return
				}
				defer c.Close()
				c.Write([]byte(request[:len(request)-i%2])) // some not even the whole head
				io.Copy(io.Discard, c)
				gone <- time.Since(began)
			}()
		}
		counted := make(map[time.Duration]int)
		for range 2 * submitConns {
			counted[(<-gone).Round(time.Second)]++
		}
		if counted[submitRead] != submitConns || counted[2*submitRead] != submitConns {
			t.Errorf("they are gone after %v, want %d each after %v and twice that", counted, submitConns, submitRead)
		}
		cancel()
		stopped := time.Now()
		if err := <-ended; err != nil || time.Since(stopped) > submitStopTime {
			t.Errorf("%v after %v", err, time.Since(stopped))
		}
		for range submitConns {
			<-gone
		}
	})
}

// With -submit the relay says where it takes transactions, which without a host is
// on this machine only, and tells of each.
func TestSubmitFlag(t *testing.T) {
	serving, sink := taking(node.Config{Network: ledger.Preview}, newChain(1).Grow(10))
	p := start(t, "-submit", ":0", "-peer", nodetest.Loopback(t, serving))
	address := p.named("start").Submit
	if host, _, err := net.SplitHostPort(address); err != nil || host != "127.0.0.1" {
		t.Fatalf("takes transactions on %q", address)
	}
	tx := conwayTx(t)
	code, got := post(t, http.DefaultClient, "http://"+address+submitPath, "application/cbor", bytes.NewReader(tx.Raw.Bytes))
	if code != http.StatusAccepted || got != fmt.Sprintf("%q", tx.ID.Hash) {
		t.Errorf("%d %s", code, got)
	}
	http.DefaultClient.CloseIdleConnections()
	if got := <-sink; got.ID != tx.ID || !bytes.Equal(got.Raw.Bytes, tx.Raw.Bytes) {
		t.Errorf("upstream got %v", got.ID)
	}
	if e := p.named("submitted"); e.Tx != hex.EncodeToString(tx.ID.Hash[:]) || e.Size != len(tx.Raw.Bytes) {
		t.Errorf("told of %+v", e)
	}
}
