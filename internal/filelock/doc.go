// Package filelock locks files against other processes, cardano-node among them.
//
// cardano-node locks with flock(2), on Windows with LockFileEx. Other programs lock
// with fcntl(2), which Linux keeps apart from flock: a process may have the one lock
// while another has the other. So on Linux [Try] takes both. On darwin and the BSDs
// each sees the other already, and taking both would lock us out ourselves. On Windows
// the file is opened so that others cannot open it.
// (filelock, System/FileLock/Internal/Flock.hsc and LockFileEx.hsc; flock(2) of Linux
// and of FreeBSD)
package filelock

import "errors"

// ErrBusy is what [Try] returns when another holder has the file.
var ErrBusy = errors.New("filelock: locked")
