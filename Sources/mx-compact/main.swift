import Glibc
import MxCLI
import MxTools

exit(runTool(CompactCommand.self))
