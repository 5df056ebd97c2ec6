#!/bin/sh
# Reads hostname.if(5) files as netstart(8) does, which evaluates each of their lines as root,
# with an ifconfig that prints the words it is given, one a line, and a dot after each call.
# Standard input: `file INTERFACE`, the file's lines with a bar before each, and so on.
set -u
cd "$1" || exit 1
# shellcheck disable=SC2123 # nothing but what is built in shall be found
PATH=/nonexistent

ifconfig() {
	for word; do echo "=$word"; done
	echo .
}

perform() {
	set -o noglob
	eval "$1"
	set +o noglob
}

hostname_line() {
	case ${1-} in
	'' | '#'*) ;;
	'!'*)
		words=$*
		perform "${words#?}"
		;;
	inet)
		# shellcheck disable=SC2034 # what follows the first four words stays as it is
		read -r family address mask broadcast rest <<-WORDS
			$*
		WORDS
		perform "ifconfig $if inet $address netmask $mask broadcast $broadcast $rest"
		;;
	*) perform "ifconfig $if $*" ;;
	esac
}

while IFS= read -r line; do
	case $line in
	'file '*) if=${line#file }; echo "$line" ;;
	*)
		set -o noglob
		# shellcheck disable=SC2086 # netstart splits the line into words, too
		hostname_line ${line#?}
		set +o noglob
		;;
	esac
done
for left in * .[!.]*; do
	[ ! -e "$left" ] || echo "left $left"
done
