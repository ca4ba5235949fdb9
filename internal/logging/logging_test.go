package logging_test

import (
	"log/slog"
	"slices"
	"testing"

	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/internal/testing/logtest"
)

func TestOf(t *testing.T) {
	log, logs := logtest.New(slog.LevelInfo)
	for _, part := range logging.Parts() {
		logging.Of(log, part).Info(part, "more", 1)
		entries := logs.Of(part)
		if len(entries) != 1 || !slices.Equal(entries[0].Keys(), []string{"part", "more"}) || entries[0].Value("part") != part {
			t.Errorf("%s: %v", part, entries)
		}
		if logging.Of(nil, part).Enabled(t.Context(), slog.LevelError) {
			t.Errorf("%s: no logger is not silent", part)
		}
	}
}
