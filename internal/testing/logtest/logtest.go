package logtest

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Entry is one entry of a log.
type Entry struct {
	Level   slog.Level
	Message string
	Attrs   []slog.Attr // those of the logger first; groups are not taken apart
}

// Keys returns the keys of e, in the order in which they were given.
func (e Entry) Keys() []string {
	keys := make([]string, len(e.Attrs))
	for i, a := range e.Attrs {
		keys[i] = a.Key
	}
	return keys
}

// Value returns the value of a key, nil if there is none.
func (e Entry) Value(key string) any {
	for _, a := range e.Attrs {
		if a.Key == key {
			return a.Value.Any()
		}
	}
	return nil
}

// String returns the level, the message and the attributes on one line.
func (e Entry) String() string {
	var b strings.Builder
	b.WriteString(e.Level.String() + " " + e.Message)
	for _, a := range e.Attrs {
		b.WriteString("; " + a.String())
	}
	return b.String()
}

// Log is what was logged. Its methods may overlap with logging.
type Log struct {
	mu      sync.Mutex
	entries []Entry
}

// New returns a logger for a level and above, and what keeps its entries.
func New(level slog.Leveler) (*slog.Logger, *Log) {
	l := new(Log)
	return slog.New(&handler{log: l, level: level}), l
}

// All returns the entries so far.
func (l *Log) All() []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries)
}

// Of returns those of them with a message.
func (l *Log) Of(message string) []Entry {
	return slices.DeleteFunc(l.All(), func(e Entry) bool { return e.Message != message })
}

// handler is a slog.Handler that keeps entries.
type handler struct {
	log   *Log
	level slog.Leveler
	attrs []slog.Attr
}

// Enabled lets pass what is at least as important as the level of the log.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

// Handle keeps the entry with the attributes of its logger.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	e := Entry{Level: r.Level, Message: r.Message, Attrs: slices.Clone(h.attrs)}
	r.Attrs(func(a slog.Attr) bool {
		e.Attrs = append(e.Attrs, a)
		return true
	})
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	h.log.entries = append(h.log.entries, e)
	return nil
}

// WithAttrs adds to the attributes of all later entries.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Concat(h.attrs, attrs)
	return &with
}

// WithGroup drops the name: no test needs it.
func (h *handler) WithGroup(string) slog.Handler { return h }
