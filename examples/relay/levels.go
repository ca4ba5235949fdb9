package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/logging"
)

// levels are the levels of the parts of the log. All but init may overlap.
type levels struct {
	file string // to read them from, or ""
	rest slog.LevelVar
	part map[string]*slog.LevelVar // of each of logging.Parts
}

// logOff is above all levels.
const logOff = slog.Level(math.MaxInt)

// levelNames are in the order of their severity.
var levelNames = []string{"debug", "info", "warn", "error", "off"}

var levelOf = map[string]slog.Level{
	"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "off": logOff,
}

// init sets all of them to error.
func (l *levels) init() {
	l.part = make(map[string]*slog.LevelVar)
	for _, part := range logging.Parts() {
		l.part[part] = new(slog.LevelVar)
	}
	l.set("") // takes anything that is empty
}

// of returns the level of a part, or of what is of none.
func (l *levels) of(part string) slog.Leveler {
	if v := l.part[part]; v != nil {
		return v
	}
	return &l.rest
}

// flag is the value of -log-level.
func (l *levels) flag(s string) error {
	if file, ok := strings.CutPrefix(s, "@"); ok {
		if file == "" {
			return errors.New("give the name of a file after @")
		}
		l.file = file
		return nil
	}
	if s == "" {
		return fmt.Errorf("give %s", oneOf(levelNames))
	}
	l.file = ""
	return l.set(s)
}

// set takes LEVEL for all, PART=LEVEL for one, separated by commas or white space.
// What is not named is error. If there is an error, nothing changes.
func (l *levels) set(s string) error {
	rest, part := slog.LevelError, make(map[string]slog.Level)
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		name, level, named := strings.Cut(item, "=")
		if !named {
			name, level = "", item
		}
		value, ok := levelOf[level]
		switch {
		case !ok && item == s:
			return fmt.Errorf("give %s", oneOf(levelNames))
		case !ok:
			return fmt.Errorf("%q: give %s", item, oneOf(levelNames))
		case !named:
			rest = value
		case l.part[name] == nil:
			return fmt.Errorf("%q: the parts are %s", item, strings.Join(logging.Parts(), ", "))
		default:
			part[name] = value
		}
	}
	l.rest.Set(rest)
	for name, v := range l.part {
		if value, ok := part[name]; ok {
			v.Set(value)
		} else {
			v.Set(rest)
		}
	}
	return nil
}

// String returns the levels as set takes them.
func (l *levels) String() string {
	name := func(level slog.Level) string {
		return levelNames[slices.IndexFunc(levelNames, func(n string) bool { return levelOf[n] == level })]
	}
	rest := l.rest.Level()
	items := []string{name(rest)}
	for _, part := range logging.Parts() {
		if level := l.part[part].Level(); level != rest {
			items = append(items, part+"="+name(level))
		}
	}
	return strings.Join(items, ",")
}

func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// maxLevelsFile is more than a file of levels has.
const maxLevelsFile = 64 << 10 // bytes

// load reads the file.
func (l *levels) load() error {
	f, err := os.Open(l.file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLevelsFile))
	if err != nil {
		return err
	}
	if err := l.set(string(text)); err != nil {
		return fmt.Errorf("%s: %w", l.file, err)
	}
	return nil
}

// start reads the file, if there is one, now and again whenever the process gets
// SIGHUP, until end. An error later is told, and changes nothing.
func (l *levels) start(ctx context.Context, out output) (end func(), err error) {
	if l.file == "" {
		return func() {}, nil
	}
	if err := l.load(); err != nil {
		return nil, cli.Usagef("-log-level %q: %s", "@"+l.file, cli.Plain(err))
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var reloads sync.WaitGroup
	reloads.Go(func() {
		for {
			select {
			case <-hangups:
				l.reload(out)
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		reloads.Wait()
	}, nil
}

// reload reads the file again, and tells what came of it.
func (l *levels) reload(out output) {
	e := event{Event: "log_level"}
	if err := l.load(); err != nil {
		e.Error = cli.Plain(err)
		e.text = "the log levels stay as they are: " + e.Error
	} else {
		e.text = "log levels: " + l.String()
	}
	e.Levels = l.String()
	out.event(e)
}
