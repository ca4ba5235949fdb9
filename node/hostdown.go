//go:build !wasip1

package node

import "syscall"

const errHostDown = syscall.EHOSTDOWN
