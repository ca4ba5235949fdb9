package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node/relay"
)

// submitPath, the answers and their form are those of cardano-submit-api.
// (IntersectMBO/cardano-node, cardano-submit-api, Cardano/TxSubmit/Web.hs and Types.hs)
const submitPath = "/api/submit/tx"

// Bounds of the endpoint. A transaction is small, and who sends it is near.
const (
	submitConns    = 32               // connections at once; more wait to be accepted
	submitRead     = 10 * time.Second // for a request to arrive, its head and body
	submitWait     = 30 * time.Second // for room in the queue
	submitWrite    = submitRead + submitWait + 5*time.Second
	submitIdle     = 30 * time.Second
	submitHead     = 8 << 10 // bytes
	submitStopTime = time.Second
)

// submitter is a relay.Relay.
type submitter interface {
	Submit(ctx context.Context, tx []byte) (ledger.TxID, error)
	MaxTxSize() int
}

// endpoint takes transactions over HTTP.
type endpoint struct {
	relay submitter
	told  func(id ledger.TxID, size int, from string) // of each transaction that is queued
}

// listenSubmit opens the listener of -submit, nil without it. Without a host only
// programs on this machine reach it: whoever does can make the relay send bytes to
// its peers.
func (o *options) listenSubmit(ctx context.Context) (net.Listener, error) {
	if o.submit == "" {
		return nil, nil
	}
	host, port, err := net.SplitHostPort(o.submit)
	if err != nil {
		return nil, cli.Usagef("-submit: %w", err) // its flag has checked it
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return cli.Listen(ctx, "-submit", net.JoinHostPort(host, port))
}

// closeSubmit closes the listener of -submit, if there is one.
func closeSubmit(l net.Listener) {
	if l != nil {
		l.Close()
	}
}

// tellSubmitted tells programs of each transaction; people see the number.
func tellSubmitted(out output) func(id ledger.TxID, size int, from string) {
	return func(id ledger.TxID, size int, from string) {
		out.event(event{Event: "submitted", Peer: from, Tx: id.Hash.String(), Size: size, quiet: true})
	}
}

// serve answers until ctx ends. It closes l.
func (e *endpoint) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:        e,
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ReadTimeout:    submitRead, // of the head alone, too
		WriteTimeout:   submitWrite,
		IdleTimeout:    submitIdle,
		MaxHeaderBytes: submitHead,
		ErrorLog:       log.New(io.Discard, "", 0), // of clients that hang up
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		soon, cancel := context.WithTimeout(context.Background(), submitStopTime)
		defer cancel()
		if server.Shutdown(soon) != nil {
			server.Close()
		}
	})
	err := server.Serve(&limitedListener{Listener: l, free: make(chan struct{}, submitConns), closed: make(chan struct{})})
	if stop() {
		server.Close()
		return fmt.Errorf("-submit: %w", err)
	}
	<-stopped
	return nil
}

// ServeHTTP implements http.Handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case r.URL.Path != submitPath:
		answer(w, http.StatusNotFound, "POST a transaction to "+submitPath)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, r.Method+" is not possible: POST a transaction")
	case kind != "application/cbor":
		// This also keeps web pages out: a browser asks before it sends such a type
		// elsewhere, and gets no permission.
		answer(w, http.StatusUnsupportedMediaType, fmt.Sprintf("Content-Type is %q: send the transaction as application/cbor", r.Header.Get("Content-Type")))
	default:
		e.submit(w, r)
	}
}

func (e *endpoint) submit(w http.ResponseWriter, r *http.Request) {
	most := e.relay.MaxTxSize()
	tx, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(most)))
	if errors.As(err, new(*http.MaxBytesError)) {
		answer(w, http.StatusBadRequest, failure{"TxCmdTxReadError", []string{fmt.Sprintf("more than %d bytes, the most that a transaction may have", most)}})
		return
	}
	if err != nil {
		answer(w, http.StatusBadRequest, failure{"TxCmdTxReadError", []string{"the request did not arrive whole: " + err.Error()}})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), submitWait)
	defer cancel()
	id, err := e.relay.Submit(ctx, tx)
	var refused *relay.TxError
	switch {
	case err == nil:
		e.told(id, len(tx), r.RemoteAddr)
		answer(w, http.StatusAccepted, id.Hash.String())
	case errors.As(err, &refused):
		answer(w, http.StatusBadRequest, failure{"TxCmdTxReadError", []string{cli.Plain(refused.Reason) + hintTx(tx)}})
	case errors.Is(err, context.DeadlineExceeded):
		answer(w, http.StatusServiceUnavailable, failure{"TxCmdTxSubmitConnectionError", "no room in the queue of transactions: the nodes upstream take none, try again later"})
	default:
		answer(w, http.StatusServiceUnavailable, failure{"TxCmdTxSubmitConnectionError", err.Error()})
	}
}

// hintTx recognizes what is often sent in place of a transaction.
func hintTx(tx []byte) string {
	text := bytes.TrimSpace(tx)
	switch _, err := hex.Decode(make([]byte, len(text)/2), text); {
	case len(tx) == 0:
		return ": the request has no body"
	case bytes.HasPrefix(text, []byte("{")):
		return ": this is JSON; of a file of cardano-cli, send the bytes that its cborHex stands for"
	case err == nil:
		return ": this is hex; send the bytes that it stands for"
	}
	return ""
}

// failure is an error as cardano-submit-api encodes one.
type failure struct {
	tag      string
	contents any
}

// MarshalJSON implements json.Marshaler.
func (f failure) MarshalJSON() ([]byte, error) {
	type tagged struct {
		Tag      string `json:"tag"`
		Contents any    `json:"contents"`
	}
	return json.Marshal(tagged{"TxSubmitFail", tagged{f.tag, f.contents}})
}

// answer writes a value as JSON, as it is.
func answer(w http.ResponseWriter, code int, value any) {
	b, _ := json.Marshal(value) // strings only: there is no error
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(code)
	w.Write(b)
}

// limitedListener accepts while fewer than cap(free) of its connections are open.
type limitedListener struct {
	net.Listener
	free   chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a free place before it takes the next connection.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &limitedConn{Conn: conn, leave: sync.OnceFunc(func() { <-l.free })}, nil
}

// Close also ends an Accept that waits for a place.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close frees the place of the connection, once.
func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
