# Draws what the benchmark wrote to folder, as SVG to standard output.
set terminal svg noenhanced size 960,960 font "sans-serif,13" background "white"
set multiplot layout 2,1
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set grid ytics
set xtics rotate by -25 nomirror
set ytics nomirror
set border 3
set yrange [0:*]
set key outside top center horizontal

set title "One message, from its start (shorter is better)"
set ylabel "microseconds"
plot folder."/message.dat" using 2:xtic(1) title "until it listens", \
	"" using 3 title "until it exits"

set title "A stream of 1 GiB (longer is better)"
set ylabel "GB/s"
plot folder."/stream.dat" using 2:xtic(1) title "into a pipe", \
	"" using 3 title "tmpfs file", \
	"" using 4 title "disk file", \
	"" using 5 title "/dev/null"
unset multiplot
