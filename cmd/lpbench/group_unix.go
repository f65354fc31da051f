//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps the terminal's interrupt from a child. The interrupt goes to a
// whole process group, and a server that it ended could not drop its database any
// more. lpbench ends the child itself.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
