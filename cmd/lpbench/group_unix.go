//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps the interrupt of the terminal from a child: it goes to all of
// a process group, and a server that ends with it is gone before its database
// is dropped. The child ends when lpbench wants it to.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
