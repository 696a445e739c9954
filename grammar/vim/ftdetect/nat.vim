au BufRead,BufNewFile *.nat setfiletype nat
