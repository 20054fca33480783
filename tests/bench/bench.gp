# Draws what the benchmark wrote to folder, as SVG to standard output: a chart
# for each of its blocks, with the receivers in one order. The patterns differ
# without a colour too.
set terminal svg noenhanced size 830,900 font "sans-serif,12" background "white"
set multiplot layout 3,2 title \
	"Solid: server. Hatched: the others. Empty: the limit. Line: least to most."
set style fill pattern border lt -1
set boxwidth 0.7
set grid xtics
set xtics nomirror
set ytics nomirror scale 0
set border 1
set xrange [0:*]
set yrange [*:*] reverse
set offsets 0,0,0.5,0.5
unset key
array titles[6] = ["One message: until it listens, µs", \
	"One message: until it exits, µs", "1 GiB into a pipe, GB/s", \
	"1 GiB into a file on tmpfs, GB/s", "1 GiB into a file on disk, GB/s", \
	"1 GiB into /dev/null, GB/s"]
array fills[3] = [3, 4, 0]

do for [block = 0:5] {
	set title titles[block + 1]
	# The slowest of a thousand messages would dwarf the rest.
	plot for [kind = 0:2] folder."/bench.dat" index block \
		using (0):0:(0):($2 == kind ? $3 : NaN):($0 - 0.35):($0 + 0.35):ytic(1) \
		with boxxyerror fill pattern fills[kind + 1] linecolor "#1f5fa8", \
		"" index block using 3:0:(block < 2 ? $3 : $4):(block < 2 ? $3 : $5) \
		with xerrorbars linetype -1 pointtype 0
}
unset multiplot
