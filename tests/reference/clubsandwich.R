# Cluster-robust variances by clubSandwich, for tests/models/inference/test_cluster_robust.py.
#
#     Rscript tests/reference/clubsandwich.R tests/reference
#
# Writes three files into the folder: mortality_rates.csv (the published example, from the package's own data),
# clubsandwich_panel.csv (a simulated panel of 7 areas, 2 of them treated) and clubsandwich.csv (the results).
# The jackknife is by refitting without each cluster in turn; clubSandwich's CR3 stops at fixed effects of clusters.

suppressMessages(library(clubSandwich))
folder <- commandArgs(trailingOnly = TRUE)[1]
results <- data.frame()

add <- function(case, formula, data, cluster, coefs, weighted = FALSE) {
  data$size <- if (weighted) data$size else 1
  model <- lm(formula, weights = size, data = data)
  if (!weighted) model <- lm(formula, data = data)
  cr <- lapply(c(CR1 = "CR1", CR2 = "CR2"), function(type) vcovCR(model, cluster = data[[cluster]], type = type))
  tests <- coef_test(model, vcov = cr$CR2, test = "Satterthwaite", coefs = coefs)
  refit <- function(rows) coef(lm(formula, weights = size, data = data[rows, ]))[coefs]
  groups <- unique(data[[cluster]])
  without <- matrix(sapply(groups, function(g) refit(data[[cluster]] != g)), nrow = length(coefs))
  count <- length(groups)
  results <<- rbind(results, data.frame(
    case = case, coefficient = coefs, clusters = count, estimate = tests$beta, cr1 = sqrt(diag(as.matrix(cr$CR1)))[coefs],
    cr2 = tests$SE, jackknife = sqrt((count - 1) / count * rowSums((without - coef(model)[coefs])^2)),
    t = tests$tstat, df = tests$df, p = tests$p_Satt
  ))
}

data(MortalityRates)
mv <- subset(MortalityRates, cause == "Motor Vehicle" & year <= 1983 & !is.na(beertaxa),
             select = c(state, year, mrate, legal, beertaxa, pop))
two_way <- mrate ~ 0 + legal + beertaxa + factor(state) + factor(year)
sized <- transform(mv, size = pop)
add("mortality", two_way, sized, "state", c("legal", "beertaxa"))
add("mortality, weighted", two_way, sized, "state", c("legal", "beertaxa"), weighted = TRUE)

set.seed(20240401)
panel <- expand.grid(period = 1:12, area = 1:7)[, c("area", "period")]
panel$effect <- as.numeric(panel$area <= 2 & panel$period > 8)
panel$size <- c(90, 80, 120, 80, 245, 155, 155)[panel$area]
panel$kept <- as.numeric(runif(84) > 0.15)
panel$y <- round(rnorm(7)[panel$area] * panel$period / 4 + rnorm(84) + 2, 4)
did <- y ~ 0 + effect + factor(area) + factor(period)
unbalanced <- subset(panel, kept == 1)
add("panel", did, panel, "area", "effect")
add("panel, unbalanced", did, unbalanced, "area", "effect")
add("panel, weighted", did, panel, "area", "effect", weighted = TRUE)
add("panel, unbalanced and weighted", did, unbalanced, "area", "effect", weighted = TRUE)

mean_of <- function(rows) tapply(panel$y[rows], panel$area[rows], mean)
changes <- data.frame(area = 1:7, treated = as.numeric(1:7 <= 2), size = c(90, 80, 120, 80, 245, 155, 155),
                      w = as.vector(mean_of(panel$period > 8) - mean_of(panel$period <= 8)))
add("changes", w ~ treated, changes, "area", "treated")
add("changes, weighted", w ~ treated, changes, "area", "treated", weighted = TRUE)

write.csv(mv, file.path(folder, "mortality_rates.csv"), row.names = FALSE, quote = FALSE)
write.csv(panel, file.path(folder, "clubsandwich_panel.csv"), row.names = FALSE, quote = FALSE)
numbers <- sapply(results, is.numeric)
results[numbers] <- lapply(results[numbers], signif, digits = 12)
write.csv(results, file.path(folder, "clubsandwich.csv"), row.names = FALSE, quote = 1:2)
