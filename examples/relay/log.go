package main

import (
	"context"
	"log/slog"
	"math"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/ouronet/ouronet/internal/logging"
)

// newLogger makes the log: zap writes it, and l says what is in it, at any time.
func newLogger(l *levels, w logWriter, json bool) *slog.Logger {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	encoder := zapcore.NewConsoleEncoder(cfg)
	if json {
		encoder = zapcore.NewJSONEncoder(cfg)
	}
	const never = slog.Level(math.MaxInt) // stacks say nothing about peers
	h := zapslog.NewHandler(zapcore.NewCore(encoder, w, zapcore.DebugLevel), zapslog.AddStacktraceAt(never))
	return slog.New(&partHandler{Handler: h, levels: l, level: l.of("")})
}

// partHandler is a slog.Handler that lets pass what the level of its part does.
type partHandler struct {
	slog.Handler
	levels *levels
	level  slog.Leveler
}

// Enabled asks for the level of its part, which may change at any time.
func (h *partHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// WithAttrs looks for the attribute that names a part, whose level counts from then
// on.
func (h *partHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.Handler = h.Handler.WithAttrs(attrs)
	for _, a := range attrs {
		if a.Key == logging.Key {
			with.level = h.levels.of(a.Value.String())
		}
	}
	return &with
}

// WithGroup keeps the part.
func (h *partHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.Handler = h.Handler.WithGroup(name)
	return &with
}
