#!/bin/sh
# Starts the interfaces that are named, from their hostname.if(5), as netstart(8) does:
# each line is evaluated by the shell.
dry=no
[ "$1" = -n ] && { dry=yes; shift; }
# What a line of a file says, done or only shown.
perform() {
	if [ $dry = yes ]; then
		echo "$1"
	else
		set -o noglob
		eval "$1"
		set +o noglob
	fi
}
for if; do
	file=/etc/hostname.$if
	case $if in *[!a-z0-9]*) continue ;; esac
	if [ ! -f "$file" ]; then
		echo "netstart: $file: No such file or directory"
		continue
	fi
	case $(ls -ln "$file") in
	-???------* | -???r-----*) ;;
	*) echo "WARNING: $file is insecure, fixing permissions"; chmod o-rwx "$file"; chown root:wheel "$file" ;;
	esac
	[ $dry = yes ] || ifconfig "$if" >/dev/null 2>&1 || ifconfig "$if" create
	while read -r line || [ -n "$line" ]; do
		case $line in
		'' | '#'*) ;;
		'!'*) perform "${line#!}" ;;
		inet*)
			perform "ifconfig $if $(echo "$line" | sed 's/^inet \([0-9.]*\) \([0-9.]*\) \([0-9.]*\)/inet \1 netmask \2 broadcast \3/')"
			;;
		*) perform "ifconfig $if $line" ;;
		esac
	done <"$file"
done
