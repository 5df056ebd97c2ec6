package OpenBSD::Unveil;
# Stands in for the module of OpenBSD's base: it checks its arguments and confines nothing.
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(unveil);
my $locked;
sub unveil {
	my ($path, $permissions) = @_;
	die "unveil: called again after it was locked\n" if $locked;
	if (!@_) { $locked = 1; return 1 }
	die "unveil: $path is not absolute\n" unless $path =~ m{^/};
	die "unveil: bad permissions $permissions\n" unless $permissions =~ /^[rwxc]*\z/;
	return 1;
}
1;
