#!/usr/bin/perl
# Runs a command and kills it with SIGKILL at its N-th system call that changes something, or
# lets it run to its end and counts them. What the command starts is counted and killed with it.
#
#   kill-at.pl all|one N REPORT COMMAND …
#
# `all` kills everything that the command has started and that still runs, as the end of a
# session does; `one` kills the process that makes the call. The report has one line:
# `killed N CALL PATH`, or `ended COUNT`.
use strict;
use warnings;
use POSIX qw(uname);

my ($mode, $at, $report, @command) = @ARGV;
my $machine = (uname())[4];

# Numbers of the calls, on x86_64 and on aarch64, which has not all of them.
my %call = (
	write => [1, 64], pwrite64 => [18, 68], writev => [20, 66], open => [2], openat => [257, 56], creat => [85],
	rename => [82], renameat => [264, 38], renameat2 => [316, 276], unlink => [87], unlinkat => [263, 35],
	rmdir => [84], mkdir => [83], mkdirat => [258, 34], link => [86], linkat => [265, 37], symlink => [88],
	symlinkat => [266, 36], chmod => [90], fchmod => [91, 52], fchmodat => [268, 53], fchmodat2 => [452, 452],
	chown => [92], fchown => [93, 55], lchown => [94], fchownat => [260, 54], truncate => [76, 45],
	ftruncate => [77, 46], utimensat => [280, 88], fsync => [74, 82], fdatasync => [75, 83], sync => [162, 81],
	execve => [59, 221], fork => [57], vfork => [58], clone => [56, 220], clone3 => [435, 435], flock => [73, 32],
	connect => [42, 203], sendto => [44, 206], sendmsg => [46, 211], kill => [62, 129],
	copy_file_range => [326, 285], sendfile => [40, 71],
);
my $column = { x86_64 => 0, aarch64 => 1 }->{$machine};
if (!defined $column) {
	print STDERR "kill-at: no table of system calls for $machine\n";
	exit 70;
}
my ($PTRACE, $WAIT4) = ([101, 61], [117, 260])[$column]->@*;
my %name = map { defined $call{$_}[$column] ? ($call{$_}[$column] => $_) : () } keys %call;

use constant { TRACEME => 0, PEEKDATA => 2, SYSCALL => 24, SETOPTIONS => 0x4200, GET_SYSCALL_INFO => 0x420e, EVENT_EXEC => 4 };
# Mark calls, follow children and programs, and end them all with this process.
use constant OPTIONS => 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000;
use constant { WALL => 0x40000000, CREATES => 0100 | 01000, SIGTRAP => 5 };

sub ptrace {
	my ($request, $pid, $address, $data) = @_;
	return syscall($PTRACE, $request, $pid + 0, $address + 0, $data + 0);
}

# Perl's own waitpid does not tell of stops.
sub wait_for {
	my $raw = pack('i', 0);
	my $pid = syscall($WAIT4, $_[0] + 0, $raw, WALL, 0);
	return ($pid, unpack('i', $raw));
}

my $first = fork() // die "fork: $!\n";
if ($first == 0) {
	ptrace(TRACEME, 0, 0, 0);
	kill 'STOP', $$;
	exec { $command[0] } @command;
	exit 127;
}
my (%traced, $killed);
my ($count, $status, $begun) = (0, 0, 0);
$traced{$first} = 1;
wait_for($first);
ptrace(SETOPTIONS, $first, 0, OPTIONS) == 0 or die "ptrace: $!\n";
ptrace(SYSCALL, $first, 0, 0);

# What is killed meanwhile has no more to tell.
sub entered {
	my ($pid) = @_;
	my $info = "\0" x 88;
	return undef if syscall($PTRACE, GET_SYSCALL_INFO, $pid + 0, 88, $info) <= 0;
	my ($op, $nr, @args) = (unpack('C', $info), unpack('x24 Q Q6', $info));
	return undef if $op != 1;
	my $what = $name{$nr} // return undef;
	return undef if $what eq 'open' && !($args[1] & CREATES) || $what eq 'openat' && !($args[2] & CREATES);
	$what .= ' ' . text_at($pid, $args[0]) if $what eq 'execve';
	$what .= ' ' . text_at($pid, $args[1]) if $what =~ /^(?:openat|unlinkat|renameat2?)\z/;
	return $what;
}

# A text in the memory of a process that is stopped: what a call is about, or what is to run.
sub text_at {
	my ($pid, $address) = @_;
	my $text = '';
	while (length($text) < 256 && $text !~ /\0/) {
		my $word = "\0" x 8;
		last if syscall($PTRACE, PEEKDATA, $pid + 0, $address + length($text), $word) < 0;
		$text .= $word;
	}
	return $text =~ /^([^\0]*)/ ? $1 : '';
}

while (1) {
	my ($pid, $raw) = wait_for(-1);
	last if $pid <= 0;
	if (($raw & 0xff) != 0x7f) {
		delete $traced{$pid};
		$status = $raw if $pid == $first;
		next;
	}
	my ($signal, $event) = (($raw >> 8) & 0xff, $raw >> 16);
	my $pass_on = 0;
	if ($signal == (SIGTRAP | 0x80)) {
		my $what = $begun && !$killed ? entered($pid) : undef;
		if (defined $what && ++$count == $at) {
			$killed = "killed $count $what";
			kill 'KILL', $mode eq 'all' ? keys %traced : $pid;
			next;
		}
	} elsif (!exists $traced{$pid}) {
		# A child's first stop; one that its parent's kill did not know of is killed here.
		$traced{$pid} = 1;
		if ($killed && $mode eq 'all') { kill 'KILL', $pid }
	} elsif ($event == EVENT_EXEC) {
		$begun = 1;
	} elsif ($event == 0 && $signal != SIGTRAP) {
		$pass_on = $signal;
	}
	ptrace(SYSCALL, $pid, 0, $pass_on);
}
open(my $fh, '>', $report) or die "$report: $!\n";
print {$fh} ($killed // "ended $count"), "\n";
close($fh);
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
