#!/usr/bin/perl
# First process of a simulated node: lays out its mounts, changes its root and keeps its
# namespaces alive. Whatever is sent to the node's /dev/log goes to standard output.
# The node ends when standard input does.
use strict;
use warnings;
use IO::Socket::UNIX;
use Socket qw(SOCK_DGRAM);
use IO::Select;

my ($root, @binds) = @ARGV;

sub mounted {
	system { 'mount' } 'mount', @_;
	return $? == 0;
}

sub give_up {
	print "E$_[0]\n";
	exit 1;
}

mounted('--make-rprivate', '/') or give_up('mounts cannot be made private');
for my $bind (@binds) {
	my ($mode, $from, $to) = split(/:/, $bind, 3);
	mounted('--bind', $from, "$root$to") or give_up("$from cannot be mounted on $to");
	next if $mode ne 'ro';
	mounted('-o', 'remount,bind,ro', "$root$to") || mounted('-o', 'remount,bind,ro,nosuid,nodev', "$root$to")
	    or give_up("$to cannot be made read-only");
}
chroot($root) && chdir('/') or give_up("chroot: $!");
unlink('/dev/log');
my $log = IO::Socket::UNIX->new(Local => '/dev/log', Type => SOCK_DGRAM) or give_up("/dev/log: $!");
chmod(0666, '/dev/log');
$| = 1;
print "R\n";
$SIG{CHLD} = sub { 1 while waitpid(-1, 1) > 0 };
my $select = IO::Select->new(\*STDIN, $log);
while (1) {
	for my $ready ($select->can_read) {
		if ($ready == $log) {
			next unless defined $log->recv(my $line, 8192);
			$line =~ s/[\r\n\0]+/ /g;
			print "L$line\n";
		} elsif (!sysread(STDIN, my $byte, 1)) {
			exit 0;
		}
	}
}
