# The simulated example of the R package CausalImpact (Brodersen and others 2015): a response that follows one
# comparison series 1.2 for one, and rises by 10 at period 71 of 100.
#
#     Rscript tests/reference/causal_impact.R tests/reference
#
# The package itself is not needed: the data come from R's own generator.

folder <- commandArgs(trailingOnly = TRUE)[1]
set.seed(1)
x1 <- 100 + arima.sim(model = list(ar = 0.999), n = 100)
y <- 1.2 * x1 + rnorm(100)
y[71:100] <- y[71:100] + 10
data <- data.frame(y = sprintf("%.12g", y), x1 = sprintf("%.12g", x1))
write.csv(data, file.path(folder, "causal_impact.csv"), row.names = FALSE, quote = FALSE)
