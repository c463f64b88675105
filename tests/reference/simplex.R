# Weights >= 0 of sum 1 by quadratic programming, on the cigarette sales behind Proposition 99.
#
#     Rscript tests/reference/simplex.R data/prop99/cigarettes.csv tests/reference/simplex.csv
#
# sc: |Y w - y|^2 + |w|^2 over 1970-1988. sdid: the same with each area's mean taken off, and zeta^2 T0 |w|^2 for the
# last term, zeta = 12^(1/4) times the standard deviation of the states' yearly changes.
library(quadprog)

args <- commandArgs(trailingOnly = TRUE)
sales <- read.csv(args[1])
wide <- xtabs(packs ~ state + year, sales)
before <- wide[, as.integer(colnames(wide)) < 1989]
own <- before["California", ]
donors <- t(before[rownames(before) != "California", ])

weights <- function(columns, target, ridge) {
  n <- ncol(columns)
  size <- mean(columns^2)
  solve.QP(
    (crossprod(columns) + ridge * diag(n)) / size,
    crossprod(columns, target) / size,
    cbind(rep(1, n), diag(n)),
    c(1, rep(0, n)),
    meq = 1
  )$solution
}

steps <- apply(donors, 2, diff)
zeta <- 12^0.25 * sd(steps)
centred <- sweep(donors, 2, colMeans(donors))
out <- data.frame(
  state = colnames(donors),
  sc = weights(donors, own, 1),
  sdid = weights(centred, own - mean(own), zeta^2 * nrow(donors))
)
out$sc <- sprintf("%.10f", abs(out$sc))
out$sdid <- sprintf("%.10f", abs(out$sdid))
write.csv(out, args[2], row.names = FALSE, quote = FALSE)
