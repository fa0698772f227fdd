import Glibc

exit(Helper.run())
