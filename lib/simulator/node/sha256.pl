#!/usr/bin/perl
# sha256(1) with the flags that OpenBSD's has and a node's scripts use.
use strict;
use warnings;
use Digest::SHA;
my ($quiet, $reverse);
while (@ARGV && $ARGV[0] =~ /^-(.+)/) {
	my $flag = shift @ARGV;
	last if $flag eq '--';
	if ($flag eq '-q') { $quiet = 1 }
	elsif ($flag eq '-r') { $reverse = 1 }
	else { print STDERR "usage: sha256 [-bcpqrtx] [-C checklist] [-h hashfile] [-s string] [file ...]\n"; exit 1 }
}
my $failed = 0;
for my $file (@ARGV ? @ARGV : '-') {
	my $digest = eval { Digest::SHA->new(256)->addfile($file eq '-' ? *STDIN : $file, 'b')->hexdigest };
	if (!defined $digest) { print STDERR "sha256: cannot open $file: $!\n"; $failed = 1; next }
	print $file eq '-' || $quiet ? "$digest\n" : $reverse ? "$digest $file\n" : "SHA256 ($file) = $digest\n";
}
exit $failed;
