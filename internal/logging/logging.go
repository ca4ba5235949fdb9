package logging

import "log/slog"

// Key is the key of the attribute that each logger of a part has first.
const Key = "part"

// The parts.
const (
	Connections  = "connections"  // handshakes and ends of connections
	Serve        = "serve"        // connections that are not let in, and why none can be
	Follow       = "follow"       // peers that are lost or not followed, and until when
	Verification = "verification" // what of headers is verified
	Folder       = "folder"       // what opening the folder has changed
)

// Parts returns all of them.
func Parts() []string { return []string{Connections, Serve, Follow, Verification, Folder} }

// silent is enabled for no level.
var silent = slog.New(slog.DiscardHandler)

// Of returns the logger of a part; for nil, one that is silent.
func Of(l *slog.Logger, part string) *slog.Logger {
	if l == nil {
		return silent
	}
	return l.With(slog.String(Key, part))
}
