#!/usr/bin/perl
# Runs one command on a simulated node as a user who is not root: the node's disk is read-only
# but for the user's own folder and /tmp, and what only root may read cannot be read. There is
# one user id to be had here, so to the user every file looks like its own.
use strict;
use warnings;

my ($root, $uid, $home, $command) = @ARGV;
my $hidden = "$root/simulator/hidden";

sub mounted {
	system { 'mount' } 'mount', @_;
	$? == 0 or die "mount @_ failed\n";
}

# What the others may not read, without what lies below a folder that is shut already.
sub shut {
	my ($folder) = @_;
	opendir(my $entries, $folder) or return;
	my @found;
	for my $path (map { "$folder/$_" } sort grep { !/^\.\.?\z/ } readdir $entries) {
		my @stat = lstat $path or next;
		next unless -f _ || -d _;
		my $open = -d _ ? 5 : 4;
		if (($stat[2] & $open) != $open) { push @found, $path }
		elsif (-d _) { push @found, shut($path) }
	}
	return @found;
}

mounted('--rbind', $root, $root);
# The mount is reached by its path anew; the folder before it is not the one that is mounted.
for my $own ("$root$home", "$root/tmp") { mounted('--bind', $own, $own) }
mounted('-t', 'tmpfs', '-o', 'mode=0755', 'hidden', $hidden);
mkdir "$hidden/folder";
open(my $file, '>', "$hidden/file") or die "$hidden/file: $!\n";
close $file;
chmod 0, "$hidden/folder", "$hidden/file";
for my $path (map { shut("$root/$_") } qw(etc var usr/local)) {
	mounted('--bind', -d $path ? "$hidden/folder" : "$hidden/file", $path);
}
mounted('--bind', "$hidden/folder", "$root/root");
mounted('-o', 'remount,bind,ro', $hidden);
mounted('-o', 'remount,bind,ro', $root);
@ENV{qw(PERL5LIB PERL5OPT)} = qw(/simulator/perl -MSimulatedClock);
exec 'unshare', '--user', "--map-user=$uid", "--map-group=$uid", "--root=$root", "--wd=$home",
    '/bin/sh', '-c', $command or die "unshare: $!\n";
